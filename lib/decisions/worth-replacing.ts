import type { Member } from '../fleet/fleet.ts';
import { STAND_IN_PATIENCE_SECONDS } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { Situation } from './capacity-orders.ts';
import { START_UP_SECONDS } from './loss-rate.ts';

const waitingCount = ({ view: { backlog } }: Situation): number => backlog.waiting + backlog.delayed;

/** Whether the machines at work will have taken all that waits before another could be up. */
const isSoonTaken = (situation: Situation): boolean => {
  const { head } = situation.view.state;
  const { inFlight } = situation.view.backlog;
  if (head.runTimes === undefined || inFlight === 0) return false;
  return (waitingCount(situation) * head.runTimes.halfMs) / inFlight < secondsToMs(START_UP_SECONDS);
};

/** Machines for what waits and will still wait when another is up. */
const neededForWaiting = (situation: Situation): number =>
  isSoonTaken(situation) ? 0 : Math.ceil(waitingCount(situation) / situation.view.policy.targetBacklog);

/**
 * Machines that have run for so much longer than one of their tasks takes that others must have come after it: a start-up
 * longer where something waits even now, else ten minutes. Where nobody knows how long a task takes, it may be the first
 * that they hold.
 */
const outlasting = (situation: Situation, members: readonly Member[]): number => {
  const { view, now } = situation;
  const { runTimes } = view.state.head;
  if (runTimes === undefined) return 0;
  const patienceSeconds = waitingCount(situation) > 0 ? START_UP_SECONDS : STAND_IN_PATIENCE_SECONDS;
  const patienceMs = runTimes.nineTenthsMs + secondsToMs(patienceSeconds);
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
