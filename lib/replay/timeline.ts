import type { Choice, JobPolicyMaker, JobRules, Market } from './job.ts';
import { runJob } from './run-job.ts';

/** What one policy ran in each tick of one job. */
export interface TimelineRun {
  readonly policy: string;
  readonly choices: readonly Choice[];
}

/** One job on one window, policy by policy, for a picture. */
export interface Timeline {
  readonly startTick: number;
  readonly rules: JobRules;
  readonly market: Market;
  readonly runs: readonly TimelineRun[];
}

export const timelineOf = (
  { market, rules, startTick }: { readonly market: Market; readonly rules: JobRules; readonly startTick: number },
  makers: readonly JobPolicyMaker[],
): Timeline => ({
  startTick,
  rules,
  market,
  runs: makers.map((maker) => ({ policy: maker.name, choices: runJob(maker, market, rules).choices })),
});

/** Equal neighbours as one pair with their number. */
export const inRuns = <Value>(values: Iterable<Value>): readonly (readonly [Value, number])[] => {
  const runs: [Value, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] === value) last[1] += 1;
    else runs.push([value, 1]);
  }
  return runs;
};
