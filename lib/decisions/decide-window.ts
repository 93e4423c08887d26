import type { FleetWindow } from '../fleet/fleet-settings.ts';
import { WINDOW_CALM_SECONDS, WINDOW_RESERVE_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs, toIso } from '../fleet/time.ts';
import { START_UP_SECONDS } from './loss-rate.ts';
import { keepsDeadline } from './purchase/guards.ts';
import type { PurchaseChoice, PurchaseView } from './purchase/purchase.ts';

/** Everything that decides whether a fleet whose tasks are due at some time may go on waiting for spot. */
export interface WindowQuestion {
  readonly window: FleetWindow;
  readonly now: EpochMs;
  /** No unfinished task was submitted before this. Absent where nobody knows. */
  readonly oldestSubmittedAt: EpochMs | undefined;
  /** Nine of ten tasks end within this; absent until the fleet has seen enough of them. */
  readonly taskSeconds: number | undefined;
  /** Waiting and running. */
  readonly tasks: number;
  /** Of them, those that machines hold which are not about to be lost. */
  readonly inHand: number;
  /** Whether spot machines are there or asked for: what they would lose is then a task, and not a start-up as well. */
  readonly hasSpot: boolean;
  /** For each place on an on-demand machine, there or asked for: in how long it can begin a task. */
  readonly onDemandFreeInSeconds: readonly number[];
  /** On-demand machines that the fleet may have at most. */
  readonly onDemandMax: number;
}

/**
 * What a window asks for. `none`: nothing is due. `unknown`: too little is known, so that the fleet does as it would without a window.
 * `wait`: there is room; spot only, by so many machines in all, and so many on-demand machines that are there stay.
 * `buy`: it is time; so many on-demand machines. `missed`: it is too late; as without a window.
 */
export type WindowDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' | 'missed'; readonly reason: string }
  | { readonly kind: 'wait'; readonly machines: number; readonly onDemandKept: number; readonly reason: string }
  | {
      readonly kind: 'buy';
      readonly onDemand: number;
      /** Whether they are enough, by what is known. */
      readonly isEnough: boolean;
      readonly reason: string;
    };

/** A start-up takes this long at most, as `decidePurchase` takes one to be that was never seen: twice the usual. */
export const START_UP_SECONDS_MOST = 2 * START_UP_SECONDS;

/** The question with everything known that an answer needs. */
interface Known extends WindowQuestion {
  readonly taskSeconds: number;
  readonly secondsLeft: number;
}

/**
 * The rule's sum is the same for every tick that ends before the work does; in a longer one it takes the work for done, on
 * spot that may be lost in it.
 */
const TICK_SECONDS = 1;

/** The rule asks about spot of any pool alike. */
const SPOT: PurchaseChoice = { kind: 'spot', pool: '' };

/** What the busiest place of so many machines has before it, as `decidePurchase` would see it. */
const viewOf = ({ window, tasks, taskSeconds, secondsLeft, hasSpot }: Known, machines: number): PurchaseView => {
  const workLeftSeconds = Math.ceil(tasks / (machines * window.slots)) * taskSeconds;
  return {
    tickSeconds: TICK_SECONDS,
    secondsLeft: secondsLeft - WINDOW_RESERVE_SECONDS,
    workLeftSeconds,
    // What spot machines hold when they are taken is begun again.
    workLeftSecondsMax: workLeftSeconds + taskSeconds,
    changeoverSeconds: START_UP_SECONDS_MOST,
    changeoverLeftSeconds: 0,
    running: hasSpot ? SPOT : { kind: 'idle' },
    onDemandPrice: undefined,
    pools: [],
  };
};

/** Whether so many machines would still be in time, on demand, if spot were tried now and lost at the worst moment. */
const mayTrySpot = (known: Known, machines: number): boolean => keepsDeadline(viewOf(known, machines), SPOT);

/** The least number up to `most` for which it holds; it holds for all that are greater. */
const leastThat = (most: number, holds: (count: number) => boolean): number => {
  let [low, high] = [1, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Tasks that one place ends in time which is free in so long. */
const endedInTime = ({ secondsLeft, taskSeconds }: Known, freeInSeconds: number): number =>
  Math.max(0, Math.floor((secondsLeft - WINDOW_RESERVE_SECONDS - freeInSeconds) / taskSeconds));

/** On-demand machines with which every task that nobody holds ends in time; machines that are there are never too many. */
const onDemandNeeded = (known: Known): number => {
  const { window, tasks, inHand, onDemandFreeInSeconds } = known;
  const covered = onDemandFreeInSeconds.reduce((sum, freeIn) => sum + endedInTime(known, freeIn), 0);
  const uncovered = Math.max(0, tasks - inHand - covered);
  const tasksEach = window.slots * Math.max(1, endedInTime(known, START_UP_SECONDS_MOST));
  return onDemandFreeInSeconds.length / window.slots + Math.ceil(uncovered / tasksEach);
};

/** Whether one more machine could still end a task in time, or none is needed. */
const isWorthBuying = (known: Known, needed: number): boolean =>
  endedInTime(known, START_UP_SECONDS_MOST) > 0 || needed === known.onDemandFreeInSeconds.length / known.window.slots;

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const IN_HOURS_FROM = 2 * HOUR_SECONDS;

const durationWords = (seconds: number): string =>
  seconds < IN_HOURS_FROM
    ? `${Math.ceil(seconds / MINUTE_SECONDS)} min`
    : `${Math.round((10 * seconds) / HOUR_SECONDS) / 10} h`;

const situationWords = ({ tasks, taskSeconds, secondsLeft, onDemandMax, window }: Known): string => {
  const alone = Math.ceil(tasks / (onDemandMax * window.slots)) * taskSeconds + START_UP_SECONDS_MOST;
  const what = `${tasks} tasks of up to ${durationWords(taskSeconds)}, the first due in ${durationWords(secondsLeft)}`;
  return `${what}, would take ${durationWords(alone)} on ${onDemandMax} on-demand machines`;
};

const waiting = (known: Known): WindowDecision => {
  const calm = { ...known, secondsLeft: known.secondsLeft - WINDOW_CALM_SECONDS };
  const isCalm = mayTrySpot(calm, known.onDemandMax);
  return {
    kind: 'wait',
    machines: leastThat(known.onDemandMax, (count) => mayTrySpot(known, count)),
    onDemandKept: isCalm ? 0 : known.onDemandFreeInSeconds.length / known.window.slots,
    reason: `${situationWords(known)}: there is time to wait for spot`,
  };
};

const buying = (known: Known): WindowDecision => {
  const needed = onDemandNeeded(known);
  const isEnough = needed <= known.onDemandMax && isWorthBuying(known, needed);
  const end = isEnough ? 'too little time to risk spot' : 'not all of them can be in time';
  return {
    kind: 'buy',
    onDemand: Math.min(known.onDemandMax, needed),
    isEnough,
    reason: `${situationWords(known)}: ${end}`,
  };
};

const unknown = (reason: string): WindowDecision => ({ kind: 'unknown', reason });

/**
 * Whether spot may be waited for. As long as on-demand machines, as many as the fleet may have, would still be in time after
 * spot was tried and lost at the worst moment, nothing is bought on demand; from then on as many as bring every task in time
 * that nobody holds, and no more. The rule is `keepsDeadline`, by which `decidePurchase` guards the deadline of one job. All
 * tasks count as due with the oldest, and each as if it ran as long as nine of ten: both can only make it careful.
 */
export const decideWindow = (question: WindowQuestion): WindowDecision => {
  const { window, now, oldestSubmittedAt, taskSeconds, tasks, onDemandMax } = question;
  if (tasks === 0) return { kind: 'none' };
  if (onDemandMax === 0) return unknown('on demand may not stand in for spot');
  if (taskSeconds === undefined) return unknown('nobody knows yet how long a task takes');
  if (oldestSubmittedAt === undefined) return unknown('nobody knows since when the oldest task waits');
  const dueAt = addMs(oldestSubmittedAt, secondsToMs(window.windowSeconds));
  const secondsLeft = (dueAt - now) / secondsToMs(1);
  if (secondsLeft <= 0) return { kind: 'missed', reason: `a task has been due since ${toIso(dueAt)}` };
  const known = { ...question, taskSeconds: Math.max(1, taskSeconds), secondsLeft };
  return mayTrySpot(known, onDemandMax) ? waiting(known) : buying(known);
};
