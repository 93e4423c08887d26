import type { Member } from '../fleet/fleet.ts';
import { isAttached } from '../fleet/instance.ts';
import { REPLACEMENT_PROVEN_SECONDS } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type CapacityView, isSilent, usefulMembers } from './capacity-view.ts';
import { outdatedMembers, surgeMax } from './decide-upgrade.ts';
import type { Action } from './plan.ts';

const leases = (view: CapacityView, member: Member): number =>
  Object.keys(view.records.get(member.instanceId)?.leases ?? {}).length;

const hasAgent = (view: CapacityView, member: Member): boolean =>
  view.records.get(member.instanceId)?.session !== undefined;

const leave = (members: readonly Member[], count: number, reason: string): Action[] =>
  members.slice(0, Math.max(0, count)).map(({ instanceId }) => ({ do: 'leave', instanceId, reason }));

/** On-demand machines that may go: those beyond the base, the oldest first. */
const standIns = (view: CapacityView, useful: readonly Member[], wanted: number): readonly Member[] => {
  const onDemand = useful.filter((member) => member.pool.purchase === 'on-demand');
  const oldestFirst = [...onDemand].sort((a, b) => a.launchedAt - b.launchedAt);
  return oldestFirst.slice(0, Math.max(0, onDemand.length - Math.min(view.policy.onDemandBase, wanted)));
};

/** A machine that is not heard does nothing: were it to stay in the place of one that is, nobody would do what is left. */
const silentFirst = (view: CapacityView, members: readonly Member[], now: EpochMs): readonly Member[] => {
  const silent = new Set(members.filter(({ instanceId }) => isSilent(view.records.get(instanceId), now)));
  return [...silent, ...members.filter((member) => !silent.has(member))];
};

/** The first so many of those that do least; nothing is sorted while nobody has to go. */
const idlest = (view: CapacityView, members: readonly Member[], count: number, now: EpochMs): readonly Member[] => {
  if (count <= 0) return [];
  const held = new Map(members.map((member) => [member, leases(view, member)]));
  const sorted = [...members].sort((a, b) => held.get(a)! - held.get(b)! || a.launchedAt - b.launchedAt);
  return silentFirst(view, sorted, now).slice(0, count);
};

/** Machines whose place others take, beside stand-ins and outdated ones. */
export interface Replaced {
  /** They may be taken soon; their replacements are bought before. */
  readonly doubtful: readonly Member[];
  /** In pools that have become too dear. */
  readonly dear: readonly Member[];
}

const NONE_REPLACED: Replaced = { doubtful: [], dear: [] };

/** Everybody whose place another takes, on-demand machines before the rest: what costs most goes first. */
const replacedMembers = (
  view: CapacityView,
  useful: readonly Member[],
  wanted: number,
  { dear, doubtful }: Replaced,
): ReadonlySet<Member> =>
  new Set([...standIns(view, useful, wanted), ...dear, ...doubtful, ...outdatedMembers(view, useful)]);

/** What has been bought beyond the maximum to take others' place: those others leave, not the new ones. */
const surgeNow = (view: CapacityView, useful: readonly Member[], wanted: number, moved: Replaced): number =>
  Math.min(replacedMembers(view, useful, wanted, moved).size, surgeMax(wanted));

/** The fleet file was changed to fewer machines: those beyond it leave although work waits, the idle ones first. */
const keepToMaximum = (
  view: CapacityView,
  useful: readonly Member[],
  wanted: number,
  moved: Replaced,
  now: EpochMs,
): Action[] => {
  const { machinesMax } = view.policy;
  const beyond = useful.length - machinesMax - surgeNow(view, useful, wanted, moved);
  return leave(idlest(view, useful, beyond, now), beyond, `${useful.length} machines, ${machinesMax} allowed`);
};

/**
 * Nothing waits and more machines run than are wanted: idle ones leave. First those that are silent and those whose place
 * others take, the dearest before; then the rest, but for as many as were bought to take the place of machines still at
 * work: let go for being idle, they would only be bought again.
 */
const scaleIn = (
  view: CapacityView,
  useful: readonly Member[],
  wanted: number,
  moved: Replaced,
  now: EpochMs,
): Action[] => {
  if (view.backlog.waiting > 0) return [];
  const surplus = useful.length - wanted;
  const isIdle = (member: Member): boolean => hasAgent(view, member) && leases(view, member) === 0;
  const replaced = replacedMembers(view, useful, wanted, moved);
  const idleSpot = useful.filter(
    (member) => member.pool.purchase === 'spot' && !replaced.has(member) && isIdle(member),
  );
  const silent = idleSpot.filter(({ instanceId }) => isSilent(view.records.get(instanceId), now));
  const firstToGo = silentFirst(view, [...[...replaced].filter(isIdle), ...silent], now).slice(0, Math.max(0, surplus));
  const kept = Math.max(firstToGo.length, Math.min(replaced.size, surgeMax(wanted)));
  const others = idleSpot.filter((member) => !silent.includes(member)).slice(0, Math.max(0, surplus - kept));
  const reason = `${useful.length} machines, ${wanted} wanted, nothing waiting`;
  return leave([...firstToGo, ...others], surplus, reason);
};

/** A machine that has run a task, or has been up for long enough to have done so. */
const isProven = (view: CapacityView, member: Member, now: EpochMs): boolean =>
  leases(view, member) > 0 ||
  (hasAgent(view, member) && now - member.launchedAt >= secondsToMs(REPLACEMENT_PROVEN_SECONDS));

/** Once their replacements have proven themselves, on-demand stand-ins leave; they finish what they hold first. */
const returnToSpot = (view: CapacityView, useful: readonly Member[], wanted: number, now: EpochMs): Action[] => {
  const proven = useful.filter((member) => isProven(view, member, now)).length;
  return leave(standIns(view, useful, wanted), proven - wanted, 'its spot replacement has proven itself');
};

/** The same for machines of an older version, so that a version that does not start takes nothing away. */
const upgrade = (view: CapacityView, useful: readonly Member[], wanted: number, now: EpochMs): Action[] => {
  const proven = useful.filter((member) => isProven(view, member, now)).length;
  const outdated = idlest(view, outdatedMembers(view, useful), proven - wanted, now);
  return leave(outdated, proven - wanted, 'its replacement, of the present version, has proven itself');
};

/** And for machines in pools that have become too dear. */
const leaveDearPools = (
  view: CapacityView,
  useful: readonly Member[],
  wanted: number,
  { dear }: Replaced,
  now: EpochMs,
): Action[] => {
  if (dear.length === 0) return [];
  const proven = useful.filter((member) => isProven(view, member, now)).length;
  const reason = 'its pool has become too dear, and its replacement has proven itself';
  return leave(idlest(view, dear, proven - wanted, now), proven - wanted, reason);
};

/** Which machines are let go. Leaving is ours to take back, and loses no work: nothing new is taken, that is all. */
export const decideLeaving = (
  view: CapacityView,
  wanted: number,
  now: EpochMs,
  moved: Replaced = NONE_REPLACED,
): Action[] => {
  const useful = usefulMembers(view, now).filter((member) => !isAttached(member));
  const reasons = [
    () => keepToMaximum(view, useful, wanted, moved, now),
    () => scaleIn(view, useful, wanted, moved, now),
    () => returnToSpot(view, useful, wanted, now),
    () => leaveDearPools(view, useful, wanted, moved, now),
    () => upgrade(view, useful, wanted, now),
  ];
  // One reason at a time: the next reconcile counts anew.
  for (const reason of reasons) {
    const actions = reason();
    if (actions.length > 0) return actions;
  }
  return [];
};
