import type { TaskId } from '../fleet/ids.ts';
import {
  type DrainPolicy,
  drainEndOf,
  drainIsDue,
  type InstanceRecord,
  type Lifecycle,
  lifecycleOf,
  silenceMs,
} from '../fleet/instance.ts';
import { BOOT_SECONDS_MAX, HEARTBEAT_FRESH_SECONDS, SILENCE_SECONDS_MAX } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs, toIso } from '../fleet/time.ts';
import { powerOffAt } from './decide-power-off.ts';
import type { Action, Plan } from './plan.ts';

/** What is known when one machine is decided about. */
export interface InstanceView {
  readonly record: InstanceRecord;
  readonly policy: DrainPolicy;
  /** In `observe` and `attach` nothing is ended: the machines are somebody else's. */
  readonly mayTerminate: boolean;
  readonly maximumAgeSeconds: number;
  /** A signal wakes the fleet; a reconcile is awake. */
  readonly seenBy: 'signal' | 'reconcile';
  /**
   * EC2 has said that it ended, and its reason is on the item: a run is closed once, so it waits for that. A machine may
   * end, and an event tell it, between a reconcile's look at EC2 and its look at the item.
   */
  readonly isEndTold: boolean;
}

const leasesOf = (record: InstanceRecord): { taskId: TaskId; attempt: number }[] =>
  Object.entries(record.leases).map(([taskId, attempt]) => ({ taskId: taskId as TaskId, attempt }));

const release = (record: InstanceRecord, reason: string): Action[] => {
  const tasks = leasesOf(record);
  if (tasks.length === 0) return [];
  return [{ do: 'release-tasks', instanceId: record.instanceId, fleet: record.fleet, tasks, reason }];
};

const handBackBy = ({ record, policy }: InstanceView, now: EpochMs): EpochMs =>
  addMs(drainEndOf(record, policy, now), -secondsToMs(policy.marginSeconds));

/**
 * While its agent is heard, the agent decides for each task; what it still holds shortly before the end is released
 * for it. An agent that is not heard cannot decide: its tasks are released at once.
 */
const decideReleases = (view: InstanceView, now: EpochMs): Action[] => {
  const { record } = view;
  if (leasesOf(record).length === 0) return [];
  if (silenceMs(record, now) >= secondsToMs(HEARTBEAT_FRESH_SECONDS)) {
    return release(record, 'draining, and its agent is not heard');
  }
  const by = handBackBy(view, now);
  if (now >= by) return release(record, `still held at deadline − margin (${toIso(by)})`);
  return [{ do: 'look-again', fleet: record.fleet, at: by, reason: `${record.instanceId} may still hold tasks then` }];
};

/**
 * A drained machine whose agent is still heard powers itself off; only one that does not is ended by us, and only by a
 * reconcile: no event alone causes a termination (N2).
 */
const decideEndOfDrained = (view: InstanceView, now: EpochMs): Action[] => {
  const { record } = view;
  const holdsNothing = leasesOf(record).length === 0;
  const isSilent = silenceMs(record, now) >= secondsToMs(SILENCE_SECONDS_MAX);
  const isOursToEnd = view.mayTerminate && view.seenBy === 'reconcile';
  if (!isOursToEnd || !holdsNothing || !isSilent || now < powerOffAt(record, now)) return [];
  return [{ do: 'terminate', instanceIds: [record.instanceId], reason: 'drained, silent, and not left to EC2' }];
};

const wake = ({ record, seenBy }: InstanceView, reason: string): Action[] =>
  seenBy === 'signal' ? [{ do: 'wake-fleet', fleet: record.fleet, reason }] : [];

const decideDraining = (view: InstanceView, now: EpochMs): Action[] => [
  ...decideReleases(view, now),
  ...decideEndOfDrained(view, now),
  ...wake(view, `${view.record.instanceId} is draining`),
];

/**
 * A reconcile looks at members only, so one that finds a closed run has found a closing that stopped half way. A machine
 * of which only an event says that it is gone waits for EC2's word; should it live, it is ended like any drained one.
 */
const decideGone = (view: InstanceView, now: EpochMs): Action[] => {
  const { record, seenBy, isEndTold } = view;
  const { instanceId, fleet } = record;
  const releases = release(record, 'the machine is gone');
  if (seenBy === 'signal') {
    return record.goneAt === undefined ? [...releases, ...wake(view, `${instanceId} is gone`)] : releases;
  }
  const isClosable = isEndTold || record.goneAt !== undefined;
  if (!isClosable) return [...releases, ...decideEndOfDrained(view, now)];
  return [...releases, { do: 'close-run', instanceId, fleet, reason: 'the machine is gone' }];
};

/**
 * A leaving machine whose agent is heard goes by itself once nothing runs on it. Only the agent knows: a program that it
 * supervises for another system holds no lease of ours.
 */
const hasNothingToFinish = (record: InstanceRecord, now: EpochMs): boolean =>
  leasesOf(record).length === 0 &&
  (record.session === undefined || silenceMs(record, now) >= secondsToMs(HEARTBEAT_FRESH_SECONDS));

/** Why a machine that nobody drained should nevertheless go. */
const reasonToEnd = (view: InstanceView, now: EpochMs): string | undefined => {
  const { record, maximumAgeSeconds } = view;
  const ageMs = now - record.launchedAt;
  if (record.signals.leave !== undefined && hasNothingToFinish(record, now)) return 'leaving, and it holds nothing';
  if (record.session === undefined && ageMs >= secondsToMs(BOOT_SECONDS_MAX)) {
    return `no agent registered within ${BOOT_SECONDS_MAX} s of the launch`;
  }
  if (silenceMs(record, now) >= secondsToMs(BOOT_SECONDS_MAX)) return `silent for ${BOOT_SECONDS_MAX} s`;
  if (ageMs >= secondsToMs(maximumAgeSeconds)) return `older than ${maximumAgeSeconds} s`;
  return undefined;
};

/** Whoever records a drain wakes the fleet: the next reconcile replaces the machine, and ends one that is silent. */
const drain = ({ instanceId, fleet }: InstanceRecord, reason: string): Action[] => [
  { do: 'mark-draining', instanceId, reason },
  { do: 'wake-fleet', fleet, reason: `${instanceId} is draining` },
];

const decideLiving = (view: InstanceView, now: EpochMs): Action[] => {
  const { record, policy } = view;
  if (drainIsDue(record, policy, now)) return drain(record, 'its deadline has come near');
  const reason = reasonToEnd(view, now);
  if (reason !== undefined && view.mayTerminate) return drain(record, reason);
  const isSilent = record.session !== undefined && silenceMs(record, now) >= secondsToMs(SILENCE_SECONDS_MAX);
  return isSilent ? release(record, `silent for ${SILENCE_SECONDS_MAX} s`) : [];
};

/** A wary machine's replacement is asked for at once, not within the minute: EC2's recommendation may come just before its warning. */
const decideWary = (view: InstanceView, now: EpochMs): Action[] => [
  ...decideLiving(view, now),
  ...wake(view, `${view.record.instanceId} is wary`),
];

const DECIDE_BY_LIFECYCLE: Readonly<Record<Lifecycle, (view: InstanceView, now: EpochMs) => Action[]>> = {
  active: decideLiving,
  wary: decideWary,
  leaving: decideLiving,
  draining: decideDraining,
  gone: decideGone,
};

/**
 * What to do about one machine, from what is recorded on it. Called for every delivery of every signal, by every
 * reconcile and by the sweep, always with the item just read: the same record gives the same plan.
 */
export const decideInstance = (view: InstanceView, now: EpochMs): Plan => {
  const lifecycle = lifecycleOf(view.record, view.policy, now);
  return { subject: view.record.instanceId, decidedAt: now, actions: DECIDE_BY_LIFECYCLE[lifecycle](view, now) };
};
