import fc from 'fast-check';

export interface PlannedWrites {
  readonly attempt: number;
  readonly writes: number;
}

/** Some attempts of one task, each with a few writes; two entries of one attempt are a retry of it. */
export const plannedAttempts = fc.array(
  fc.record({ attempt: fc.integer({ min: 1, max: 4 }), writes: fc.integer({ min: 1, max: 3 }) }),
  { minLength: 2, maxLength: 4 },
);

export const picks = fc.array(fc.nat({ max: 11 }), { maxLength: 40 });

/** What the sink accepted, in the order in which it did. */
export interface Accepted {
  readonly attempt: number;
  readonly value: string;
}

/** No older attempt replaced a newer one, told without any knowledge of how sinks compare. */
export const everGrowing = (accepted: readonly Accepted[]): boolean =>
  accepted.every(({ attempt }, index) => accepted.slice(0, index).every((before) => before.attempt <= attempt));
