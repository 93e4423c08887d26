import type { Member } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import type { TaskId } from '../fleet/ids.ts';
import { type InstanceRecord, isAttached, lifecycleOf } from '../fleet/instance.ts';
import type { Purchase } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Situation } from './capacity-orders.ts';
import { type CapacityView, usefulMembers } from './capacity-view.ts';
import { decideWindow, START_UP_SECONDS_MOST, type WindowDecision } from './decide-window.ts';
import type { Action } from './plan.ts';

const MS_PER_SECOND = 1_000;

const isOnDemand = ({ pool }: Member): boolean => pool.purchase === 'on-demand';

const secondsSince = (at: EpochMs, now: EpochMs): number => Math.max(0, (now - at) / MS_PER_SECOND);

const recordsThatStay = (view: CapacityView, now: EpochMs): readonly InstanceRecord[] =>
  [...view.records.values()].filter((record) =>
    ['active', 'wary', 'leaving'].includes(lifecycleOf(record, view.drainPolicy, now)),
  );

const tasksInHand = (view: CapacityView, now: EpochMs): number =>
  recordsThatStay(view, now).reduce((sum, { leases }) => sum + Object.keys(leases).length, 0);

/** A task that nobody knows the beginning of counts as just begun; one that runs longer than most, as nearly done. */
const freeAfter = (taskId: TaskId, view: CapacityView, taskSeconds: number, now: EpochMs): number => {
  const takenAt = view.due?.takenAt.get(taskId);
  return takenAt === undefined ? taskSeconds : Math.max(0, taskSeconds - secondsSince(takenAt, now));
};

/** In how long each place of an on-demand machine is free. */
const placesOf = (view: CapacityView, member: Member, taskSeconds: number, now: EpochMs): readonly number[] => {
  const { slots } = view.policy.window!;
  const record = view.records.get(member.instanceId);
  if (record?.session === undefined) {
    const starts = Math.max(0, START_UP_SECONDS_MOST - secondsSince(member.launchedAt, now));
    return new Array<number>(slots).fill(starts);
  }
  const held = (Object.keys(record.leases) as TaskId[]).slice(0, slots);
  const busy = held.map((taskId) => freeAfter(taskId, view, taskSeconds, now));
  return [...busy, ...new Array<number>(slots - busy.length).fill(0)];
};

const mostOnDemand = ({ onDemandFallback, onDemandMax, onDemandBase, machinesMax }: CapacityPolicy): number =>
  Math.min(machinesMax, onDemandFallback ? onDemandMax : onDemandBase);

/** What the fleet's window asks for, by its machines and by what is known of its tasks. */
export const windowOf = (
  view: CapacityView,
  useful: readonly Member[],
  askedFor: Readonly<Record<Purchase, number>>,
  now: EpochMs,
): WindowDecision => {
  const { policy, backlog, state, due } = view;
  if (policy.window === undefined) return { kind: 'none' };
  const { runTimes } = state.head;
  const taskSeconds = runTimes === undefined ? undefined : runTimes.nineTenthsMs / MS_PER_SECOND;
  const there = useful
    .filter(isOnDemand)
    .flatMap((member) => placesOf(view, member, taskSeconds ?? Number.POSITIVE_INFINITY, now));
  const asked = new Array<number>(askedFor['on-demand'] * policy.window.slots).fill(START_UP_SECONDS_MOST);
  return decideWindow({
    window: policy.window,
    now,
    oldestSubmittedAt: due?.oldestSubmittedAt,
    taskSeconds,
    tasks: backlog.waiting + backlog.inFlight + backlog.delayed,
    inHand: tasksInHand(view, now),
    hasSpot: askedFor.spot > 0 || useful.some((member) => !isOnDemand(member)),
    onDemandFreeInSeconds: [...there, ...asked],
    onDemandMax: mostOnDemand(policy),
  });
};

/** What follows of a window for what is bought. */
export interface WindowCourse {
  readonly window: WindowDecision;
  /** The window leaves no time for spot, and on demand can do it and has not just refused. */
  readonly isOnDemandOnly: boolean;
  /** On demand has just refused: it is not waited for. */
  readonly isOnDemandAway: boolean;
}

export const courseOf = (window: WindowDecision, onDemandPools: number): WindowCourse => {
  const isOnDemandAway = onDemandPools === 0;
  const isOnDemandOnly = window.kind === 'buy' && window.isEnough && (!isOnDemandAway || window.onDemand === 0);
  return { window, isOnDemandOnly, isOnDemandAway };
};

const withPolicy = (view: CapacityView, policy: Partial<CapacityPolicy>): CapacityView => ({
  ...view,
  policy: { ...view.policy, ...policy },
});

const atLeast = ({ machinesMin, machinesMax }: CapacityPolicy, machines: number): number =>
  Math.max(machinesMin, Math.min(machinesMax, machines));

/**
 * The fleet's policy as its window makes it, for everything that is decided after it. Waiting: no fallback, and as many
 * machines as bring the tasks in time at an even pace. On demand only: a base of as many as are needed, beside the spot
 * machines that are there, which go.
 */
export const withWindow = (
  view: CapacityView,
  { window, isOnDemandOnly, isOnDemandAway }: WindowCourse,
  useful: readonly Member[],
): CapacityView => {
  const { policy } = view;
  if (window.kind === 'wait') {
    const onDemandBase = Math.max(policy.onDemandBase, window.onDemandKept);
    return withPolicy(view, { onDemandBase, onDemandFallback: false, machinesMin: atLeast(policy, window.machines) });
  }
  if (window.kind !== 'buy') return view;
  const onDemandBase = Math.max(policy.onDemandBase, window.onDemand);
  const machines = { machinesMin: atLeast(policy, onDemandBase) };
  if (!isOnDemandOnly) return withPolicy(view, isOnDemandAway ? machines : { ...machines, onDemandBase });
  const spot = useful.filter((member) => !isOnDemand(member)).length;
  const machinesMin = atLeast(policy, onDemandBase + spot);
  return withPolicy(view, {
    onDemandBase,
    onDemandFallback: false,
    machinesMin,
    targetBacklog: Number.POSITIVE_INFINITY,
  });
};

/** Whom the window sends away: stand-ins while there is time, spot once there is none to lose a task again. */
const sentAway = ({ window, isOnDemandOnly }: WindowCourse): Purchase | undefined => {
  if (isOnDemandOnly) return 'spot';
  return window.kind === 'wait' ? 'on-demand' : undefined;
};

/** Whether a machine that is leaving may be called back: not one that the window has just sent away. */
export const mayStay = (course: WindowCourse) => {
  const unwanted = sentAway(course);
  return ({ pool }: Member): boolean => pool.purchase !== unwanted;
};

/**
 * Machines that go because of the window; they finish what they hold. A task that spot has lost may not be taken by another
 * spot machine when there is no time to lose it once more, so that all of them go at once.
 */
export const decideLeavingByWindow = ({ view, course, now }: Pick<Situation, 'view' | 'course' | 'now'>): Action[] => {
  const unwanted = sentAway(course);
  const { window } = course;
  if (unwanted === undefined || !('reason' in window)) return [];
  const members = usefulMembers(view, now).filter((member) => member.pool.purchase === unwanted && !isAttached(member));
  const kept = unwanted === 'on-demand' ? view.policy.onDemandBase : 0;
  return members
    .slice(0, Math.max(0, members.length - kept))
    .map(({ instanceId }) => ({ do: 'leave', instanceId, reason: window.reason }));
};

/** What people should hear of: a window that cannot be kept. */
export const windowAlarm = (window: WindowDecision): Action[] => {
  if (window.kind === 'missed') return [{ do: 'alarm', metric: 'WindowAtRisk', reason: window.reason }];
  if (window.kind !== 'buy' || window.isEnough) return [];
  return [{ do: 'alarm', metric: 'WindowAtRisk', reason: window.reason }];
};
