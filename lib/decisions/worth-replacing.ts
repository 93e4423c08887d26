import type { Member } from '../fleet/fleet.ts';
import { STAND_IN_PATIENCE_SECONDS } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { Situation } from './capacity-orders.ts';
import { START_UP_SECONDS } from './loss-rate.ts';

/** Whether the machines at work will have taken all that waits before another could be up. */
const isSoonTaken = ({ view }: Situation, waiting: number): boolean => {
  const { halfMs } = view.state.head.runTimes ?? {};
  const { inFlight } = view.backlog;
  return halfMs !== undefined && inFlight > 0 && (waiting * halfMs) / inFlight < secondsToMs(START_UP_SECONDS);
};

/** Machines for what waits and will still wait when another is up. */
const neededForWaiting = (situation: Situation): number => {
  const { backlog, policy } = situation.view;
  const waiting = backlog.waiting + backlog.delayed;
  return isSoonTaken(situation, waiting) ? 0 : Math.ceil(waiting / policy.targetBacklog);
};

/**
 * Machines that have run for longer than one of their tasks takes, and half an hour more: others came after it. Where
 * nobody knows how long a task takes, it may be the first that they hold.
 */
const outlasting = ({ view, now }: Situation, members: readonly Member[]): number => {
  const { runTimes } = view.state.head;
  if (runTimes === undefined) return 0;
  const patienceMs = runTimes.nineTenthsMs + secondsToMs(STAND_IN_PATIENCE_SECONDS);
  return members.filter(({ launchedAt }) => now - launchedAt > patienceMs).length;
};

/**
 * For how many of these machines another would find something to do. A task is not handed over: what a replacement takes is
 * what waits, or the place of a machine that the fleet keeps whether there is work or not. Where nothing waits because
 * tasks are taken as they come, machines that outlast their tasks tell so: a fleet does not stay on demand for ever.
 */
export const worthReplacing = (situation: Situation, members: readonly Member[]): number => {
  const { counts, machinesKept } = situation;
  const missingIfGone = machinesKept - (counts.had - members.length);
  const needed = Math.max(0, missingIfGone, neededForWaiting(situation), outlasting(situation, members));
  return Math.min(members.length, needed);
};
