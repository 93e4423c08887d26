import { type Choice, isAvailable, type JobPolicyMaker, type JobView } from '../job.ts';
import { cheapestPool } from './cheapest-pool.ts';

/** Ticks that on-demand needs for what is left, with so many changeovers before it. */
const ticksNeeded = ({ rules, workLeftSeconds }: JobView, changeovers: number): number =>
  Math.ceil((workLeftSeconds + changeovers * rules.changeoverSeconds) / rules.tickSeconds);

const choose = (view: JobView): Choice => {
  const { rules, market, tick, running } = view;
  const ticksLeft = rules.deadlineTicks - tick;
  const staysOnSpot = typeof running === 'number' && isAvailable(market, running, tick);
  if (Math.max(ticksNeeded(view, 1), ticksNeeded(view, 2)) >= ticksLeft) return staysOnSpot ? running : 'on-demand';
  return staysOnSpot ? running : (cheapestPool(market, tick) ?? 'idle');
};

/**
 * Spot whenever there is any, nothing otherwise, and on-demand once the time left is used up: the baseline of the public
 * leaderboard, with its own safety net.
 */
export const greedy: JobPolicyMaker = { name: 'greedy', guardsItself: true, create: () => ({ choose }) };
