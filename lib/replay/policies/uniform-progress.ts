import type { Choice, JobPolicy, JobPolicyMaker, JobRules, JobView } from '../job.ts';
import { cheapestPool } from './cheapest-pool.ts';

interface Progress {
  readonly doneSeconds: number;
  readonly expectedSeconds: (afterSeconds: number) => number;
  readonly elapsedSeconds: number;
  readonly isShort: boolean;
}

const progressOf = ({ rules, tick, workLeftSeconds }: JobView): Progress => {
  const deadlineSeconds = rules.deadlineTicks * rules.tickSeconds;
  const elapsedSeconds = tick * rules.tickSeconds;
  return {
    doneSeconds: rules.workSeconds - workLeftSeconds,
    expectedSeconds: (afterSeconds) => (afterSeconds * rules.workSeconds) / deadlineSeconds,
    elapsedSeconds,
    isShort: deadlineSeconds - elapsedSeconds < workLeftSeconds + 2 * rules.changeoverSeconds,
  };
};

const chooseOffSpot = (view: JobView, progress: Progress): Choice => {
  const { rules, market, tick, running } = view;
  const pool = cheapestPool(market, tick);
  if (pool !== undefined) return pool;
  const { doneSeconds, expectedSeconds, elapsedSeconds } = progress;
  if (running === 'on-demand') {
    return doneSeconds >= expectedSeconds(elapsedSeconds + 2 * rules.changeoverSeconds) ? 'idle' : 'on-demand';
  }
  return doneSeconds < expectedSeconds(elapsedSeconds) ? 'on-demand' : 'idle';
};

const create = (_rules: JobRules): JobPolicy => {
  let isOnDemandForGood = false;
  return {
    choose: (view) => {
      if (isOnDemandForGood) return 'on-demand';
      if (typeof view.running === 'number') return view.running;
      const progress = progressOf(view);
      isOnDemandForGood = progress.isShort;
      return isOnDemandForGood ? 'on-demand' : chooseOffSpot(view, progress);
    },
  };
};

/**
 * Uniform Progress ("Can't Be Late", NSDI 2024): keeps to the line from nothing done at the start to everything done at
 * the deadline; spot whenever there is any, on-demand when behind the line. Where the published rules conflict, spot
 * that appears while on-demand runs is taken, which is the better reading.
 */
export const uniformProgress: JobPolicyMaker = { name: 'uniform-progress', create };
