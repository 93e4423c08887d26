import { ageClassOf } from '../../decisions/purchase/hazard-model.ts';

/** One step of one pool whose age was known: what it was, how old its spell, and whether it ended. */
export interface Observed {
  readonly isAvailable: boolean;
  readonly ageClass: number;
  readonly hasFlipped: boolean;
}

/** Availability step by step; `undefined` is a step that nobody observed. */
export type Availability = readonly (boolean | undefined)[];

/** Stretches without gaps, each from its first flip on: before it the age is unknown. */
export const stretchesOf = (series: Availability): readonly (readonly Observed[])[] => {
  const stretches: Observed[][] = [];
  let open: Observed[] | undefined;
  let age = 0;
  for (let step = 0; step + 1 < series.length; step += 1) {
    const now = series[step];
    const next = series[step + 1];
    if (now === undefined || next === undefined) {
      open = undefined;
      continue;
    }
    if (open !== undefined) open.push({ isAvailable: now, ageClass: ageClassOf(age), hasFlipped: next !== now });
    age += 1;
    if (next !== now) {
      age = 1;
      if (open === undefined) {
        open = [];
        stretches.push(open);
      }
    }
  }
  return stretches;
};
