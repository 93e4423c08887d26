import type { Choice, JobPolicyMaker, JobView } from '../job.ts';
import { keepsDeadline } from '../run-job.ts';
import { cheapestPool } from './cheapest-pool.ts';

const spotOrNothing = ({ market, tick, running }: JobView): Choice =>
  typeof running === 'number' ? running : (cheapestPool(market, tick) ?? 'idle');

/** Spot whenever there is any, nothing otherwise; once only on-demand keeps the deadline, on-demand to the end. */
export const greedy: JobPolicyMaker = {
  name: 'greedy',
  create: () => {
    let isOnDemandForGood = false;
    return {
      choose: (view) => {
        const choice = spotOrNothing(view);
        isOnDemandForGood ||= !keepsDeadline(view, choice);
        return isOnDemandForGood ? 'on-demand' : choice;
      },
    };
  },
};

/** Ticks that on-demand needs for what is left, with so many changeovers before it. */
const ticksNeeded = ({ rules, workLeftSeconds }: JobView, changeovers: number): number =>
  Math.ceil((workLeftSeconds + changeovers * rules.changeoverSeconds) / rules.tickSeconds);

const chooseOnLeaderboard = (view: JobView): Choice => {
  const ticksLeft = view.rules.deadlineTicks - view.tick;
  const isShort = Math.max(ticksNeeded(view, 1), ticksNeeded(view, 2)) >= ticksLeft;
  return isShort && typeof view.running !== 'number' ? 'on-demand' : spotOrNothing(view);
};

/** The public leaderboard's baseline: greedy with a safety net of its own, which rides spot past it while it lasts. */
export const leaderboardGreedy: JobPolicyMaker = {
  name: 'greedy',
  guardsItself: true,
  create: () => ({ choose: chooseOnLeaderboard }),
};
