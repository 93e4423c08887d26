/** Risk that depends on age: constant inside a step, the last step without an end. */
export interface HazardStep {
  /** The age at which the step ends; absent on the last one. */
  readonly untilAgeMs?: number;
  readonly perHour: number;
}

const HOUR_MS = 3_600_000;

export const hazardPerHour = (steps: readonly HazardStep[], ageMs: number): number =>
  steps.find((step) => ageMs < (step.untilAgeMs ?? Number.POSITIVE_INFINITY))?.perHour ?? 0;

/** The risk gathered from age 0 to `ageMs`: the chance of having survived is `exp(-risk)`. */
export const gatheredRisk = (steps: readonly HazardStep[], ageMs: number): number => {
  let risk = 0;
  let startMs = 0;
  for (const step of steps) {
    const endMs = Math.min(ageMs, step.untilAgeMs ?? Number.POSITIVE_INFINITY);
    if (endMs <= startMs) break;
    risk += (step.perHour * (endMs - startMs)) / HOUR_MS;
    startMs = endMs;
  }
  return risk;
};

/** The age at which this much risk has been gathered: infinite when it never is. */
export const ageAtRisk = (steps: readonly HazardStep[], risk: number): number => {
  let left = risk;
  let startMs = 0;
  for (const step of steps) {
    const endMs = step.untilAgeMs ?? Number.POSITIVE_INFINITY;
    const ageMs = startMs + (left / step.perHour) * HOUR_MS;
    if (ageMs <= endMs) return ageMs;
    left -= (step.perHour * (endMs - startMs)) / HOUR_MS;
    startMs = endMs;
  }
  return Number.POSITIVE_INFINITY;
};

export const scaleHazard = (steps: readonly HazardStep[], factor: number): readonly HazardStep[] =>
  steps.map((step) => ({ ...step, perHour: step.perHour * factor }));
