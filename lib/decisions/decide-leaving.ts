import type { Member } from '../fleet/fleet.ts';
import { isAttached } from '../fleet/instance.ts';
import { REPLACEMENT_PROVEN_SECONDS } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type CapacityView, usefulMembers } from './capacity-view.ts';
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

const idleFirst = (view: CapacityView, members: readonly Member[]): readonly Member[] =>
  [...members].sort((a, b) => leases(view, a) - leases(view, b) || a.launchedAt - b.launchedAt);

/** What has been bought beyond the maximum to take others' place: those others leave, not the new ones. */
const surgeNow = (view: CapacityView, useful: readonly Member[], wanted: number): number => {
  const replaced = new Set([...standIns(view, useful, wanted), ...outdatedMembers(view, useful)]);
  return Math.min(replaced.size, surgeMax(wanted));
};

/** The fleet file was changed to fewer machines: those beyond it leave although work waits, the idle ones first. */
const keepToMaximum = (view: CapacityView, useful: readonly Member[], wanted: number): Action[] => {
  const { machinesMax } = view.policy;
  const beyond = useful.length - machinesMax - surgeNow(view, useful, wanted);
  return leave(idleFirst(view, useful), beyond, `${useful.length} machines, ${machinesMax} allowed`);
};

/** Nothing waits and more machines run than are wanted: idle ones leave, the dearest first. */
const scaleIn = (view: CapacityView, useful: readonly Member[], wanted: number): Action[] => {
  if (view.backlog.waiting > 0) return [];
  const mayGo = [
    ...standIns(view, useful, wanted),
    ...useful.filter((member) => member.pool.purchase === 'spot'),
  ].filter((member) => hasAgent(view, member) && leases(view, member) === 0);
  return leave(mayGo, useful.length - wanted, `${useful.length} machines, ${wanted} wanted, nothing waiting`);
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
  const outdated = idleFirst(view, outdatedMembers(view, useful));
  return leave(outdated, proven - wanted, 'its replacement, of the present version, has proven itself');
};

/** Which machines are let go. Leaving is ours to take back, and loses no work: nothing new is taken, that is all. */
export const decideLeaving = (view: CapacityView, wanted: number, now: EpochMs): Action[] => {
  const useful = usefulMembers(view, now).filter((member) => !isAttached(member));
  const reasons = [
    () => keepToMaximum(view, useful, wanted),
    () => scaleIn(view, useful, wanted),
    () => returnToSpot(view, useful, wanted, now),
    () => upgrade(view, useful, wanted, now),
  ];
  // One reason at a time: the next reconcile counts anew.
  for (const reason of reasons) {
    const actions = reason();
    if (actions.length > 0) return actions;
  }
  return [];
};
