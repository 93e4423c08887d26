import { type HazardModel, hazardsAt, type LearnedHazards } from './hazard-model.ts';
import type { JobValues, ValueProblem } from './job-values.ts';
import { KNOWN_HAZARDS } from './known-hazards.ts';
import { growJobValues, startJobValues } from './solve-job-values.ts';

/** What a job's values are worked out for, fixed when it is first seen so that they stay comparable. */
export interface JobPlan {
  readonly tickSeconds: number;
  readonly secondsLeft: number;
  readonly workSeconds: number;
  readonly changeoverSeconds: number;
}

/** Which values are wanted; prices as a share of on-demand. */
export interface ValueRequest {
  readonly plan: JobPlan;
  readonly spotShare: number;
}

/** Works values out once and keeps them: the same request is a look-up from then on. */
export interface ValueTables {
  /** How spot comes and goes, in steps that suit the job. */
  hazardsFor(plan: JobPlan): HazardModel;
  valuesFor(request: ValueRequest): JobValues;
}

/** More steps than this cost time and memory and made no job cheaper on the zones that were learned from. */
const STEPS_MAX = 220;
/** What all tables together may take; the oldest are dropped first. */
const BYTES_MAX = 420_000_000;

/** Prices are rounded to powers of this, from 0.3 of on-demand: six per cent change no decision that we measured. */
const SHARE_RATIO = 1.06;
const SHARE_ORIGIN = 0.3;
const SHARE_MIN = 0.02;
const roundedShare = (share: number): number => {
  const power = Math.log(Math.max(SHARE_MIN, share) / SHARE_ORIGIN) / Math.log(SHARE_RATIO);
  return SHARE_ORIGIN * SHARE_RATIO ** Math.round(power);
};

/** Whole ticks, at least half a changeover, and few enough to reach the deadline. */
const stepSecondsOf = ({ tickSeconds, secondsLeft, changeoverSeconds }: JobPlan): number => {
  const ticks = Math.max(1, changeoverSeconds / (2 * tickSeconds), secondsLeft / (STEPS_MAX * tickSeconds));
  return tickSeconds * Math.ceil(ticks - 1e-9);
};

/** Doubles in quarters, so that jobs of like size share a table. */
const roundedUp = (seconds: number): number => 10_800 * 2 ** (Math.ceil(4 * Math.log2(seconds / 10_800) - 1e-9) / 4);

const workSecondsMaxOf = ({ workSeconds, tickSeconds }: JobPlan): number =>
  roundedUp(Math.max(workSeconds, 4 * tickSeconds));

const slackSecondsMaxOf = ({ secondsLeft, workSeconds, tickSeconds, changeoverSeconds }: JobPlan): number =>
  roundedUp(Math.max(secondsLeft - workSeconds, 4 * tickSeconds + 4 * changeoverSeconds));

const problemOf = ({ plan, spotShare }: ValueRequest, hazards: LearnedHazards): ValueProblem => {
  const stepSeconds = stepSecondsOf(plan);
  return {
    model: hazardsAt(hazards, stepSeconds),
    workSecondsMax: workSecondsMaxOf(plan),
    slackSecondsMax: slackSecondsMaxOf(plan),
    stepsMax: STEPS_MAX,
    changeoverSeconds: plan.changeoverSeconds,
    spotPrice: roundedShare(spotShare),
    onDemandPrice: 1,
  };
};

const bytesOf = ({ bySteps }: JobValues): number => bySteps.reduce((sum, { cells }) => sum + cells.byteLength, 0);

const keyOf = ({ model, ...numbers }: ValueProblem): string => [model.stepSeconds, ...Object.values(numbers)].join(' ');

export const makeValueTables = (hazards: LearnedHazards = KNOWN_HAZARDS): ValueTables => {
  const tables = new Map<string, JobValues>();
  const makeRoom = (): void => {
    let bytes = [...tables.values()].reduce((sum, values) => sum + bytesOf(values), 0);
    for (const [key, values] of tables) {
      if (bytes <= BYTES_MAX || tables.size === 1) return;
      bytes -= bytesOf(values);
      tables.delete(key);
    }
  };
  const grown = (values: JobValues, steps: number): JobValues => {
    if (values.bySteps.length <= steps) growJobValues(values, steps);
    return values;
  };
  return {
    hazardsFor: (plan) => hazardsAt(hazards, stepSecondsOf(plan)),
    valuesFor: (request) => {
      const problem = problemOf(request, hazards);
      const key = keyOf(problem);
      const values = tables.get(key) ?? startJobValues(problem);
      // Moved to the end: the first in the map is the one that was wanted longest ago.
      tables.delete(key);
      tables.set(key, grown(values, Math.ceil(request.plan.secondsLeft / problem.model.stepSeconds)));
      makeRoom();
      return values;
    },
  };
};
