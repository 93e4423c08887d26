import type { FleetState } from '../fleet/fleet.ts';
import { outstandingCount } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import type { InstanceId } from '../fleet/ids.ts';
import { OPEN_INTENTS_MAX } from '../fleet/limits.ts';
import { type Pool, type Purchase, poolKey } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Backlog } from '../ports/queues.ts';
import { type CapacityView, type LaunchOrder, recallableMembers, usefulMembers } from './capacity-view.ts';
import { decideLeaving } from './decide-leaving.ts';
import { surgeMax, upgradeOrders } from './decide-upgrade.ts';
import type { Action, Plan } from './plan.ts';
import { isQuarantined } from './pool-memory.ts';

const outstanding = (state: FleetState, purchase: Purchase): number =>
  Object.values(state.head.openIntents)
    .filter((intent) => intent.purchase === purchase)
    .reduce((sum, intent) => sum + outstandingCount(intent, state.members), 0);

/** Backlog over target, within the fleet's bounds; nothing is wanted for an empty queue beyond the minimum. */
export const wantedCount = (backlog: Backlog, policy: CapacityPolicy): number => {
  const tasks = backlog.waiting + backlog.inFlight + backlog.delayed;
  return Math.max(policy.machinesMin, Math.min(policy.machinesMax, Math.ceil(tasks / policy.targetBacklog)));
};

const poolsOf = (policy: CapacityPolicy, purchase: Purchase): Pool[] =>
  policy.places.map(({ instanceType, zone }) => ({ instanceType, zone, purchase }));

const allowedPools = (view: CapacityView, purchase: Purchase, now: EpochMs): Pool[] =>
  poolsOf(view.policy, purchase).filter((pool) => !isQuarantined(view.state.head.pools[poolKey(pool)], now));

const order = (purchase: Purchase, count: number, pools: readonly Pool[], reason: string): LaunchOrder[] =>
  count > 0 && pools.length > 0 ? [{ purchase, count, pools, reason }] : [];

interface Counts {
  readonly wanted: number;
  readonly had: number;
  readonly hadOnDemand: number;
}

const countMachines = (view: CapacityView, now: EpochMs): Counts => {
  const useful = usefulMembers(view, now);
  const onDemand = useful.filter((machine) => machine.pool.purchase === 'on-demand').length;
  const asked = { spot: outstanding(view.state, 'spot'), onDemand: outstanding(view.state, 'on-demand') };
  return {
    wanted: wantedCount(view.backlog, view.policy),
    had: useful.length + asked.spot + asked.onDemand,
    hadOnDemand: onDemand + asked.onDemand,
  };
};

/**
 * Spot is back: on-demand machines beyond the base are replaced, a quarter of the fleet at a time at most. The new ones
 * are asked for before the old ones leave, which is the surge of N3.
 */
const decideReturn = (view: CapacityView, counts: Counts, spotPools: readonly Pool[]): LaunchOrder[] => {
  const standIns = counts.hadOnDemand - Math.min(view.policy.onDemandBase, counts.wanted);
  const replacementsMax = Math.min(standIns, surgeMax(counts.wanted)) - Math.max(0, counts.had - counts.wanted);
  return order('spot', replacementsMax, spotPools, `spot is back for ${standIns} on-demand machines`);
};

/** Nothing is missing: on-demand machines go back to spot first, and then machines of an older version are replaced. */
const decideReplacements = (view: CapacityView, counts: Counts, now: EpochMs): LaunchOrder[] => {
  const pools = { spot: allowedPools(view, 'spot', now), 'on-demand': allowedPools(view, 'on-demand', now) };
  const returning = decideReturn(view, counts, pools.spot);
  return returning.length > 0 ? returning : upgradeOrders(view, usefulMembers(view, now), counts, pools);
};

/** The on-demand base first, the rest on spot; on demand instead when no spot pool may be asked. */
const decideOrders = (view: CapacityView, counts: Counts, now: EpochMs): LaunchOrder[] => {
  const missing = Math.max(0, counts.wanted - counts.had);
  const { policy } = view;
  if (missing === 0) return decideReplacements(view, counts, now);
  const baseMissing = Math.min(missing, Math.max(0, Math.min(policy.onDemandBase, counts.wanted) - counts.hadOnDemand));
  const onDemandPools = allowedPools(view, 'on-demand', now);
  const base = order('on-demand', baseMissing, onDemandPools, `on-demand base of ${policy.onDemandBase}`);
  const rest = missing - baseMissing;
  const spotPools = allowedPools(view, 'spot', now);
  const asked = `${counts.wanted} wanted, ${counts.had} had`;
  if (spotPools.length > 0) return [...base, ...order('spot', rest, spotPools, asked)];
  if (!policy.onDemandFallback) return base;
  const room = Math.max(0, policy.onDemandMax - counts.hadOnDemand - baseMissing);
  return [
    ...base,
    ...order('on-demand', Math.min(rest, room), onDemandPools, `${asked}; every spot pool is set aside`),
  ];
};

/** With nothing to ask of anyone although machines are missing, people should know. */
const shortfallAlarm = (counts: Counts, ordered: number): Action[] => {
  const missing = counts.wanted - counts.had - ordered;
  if (missing <= 0) return [];
  return [
    { do: 'alarm', metric: 'NoCapacity', reason: `${missing} of ${counts.wanted} machines can be asked of no pool` },
  ];
};

/** Before anything is bought, machines that are leaving and still at work are called back, spot before on demand. */
const decideStaying = (view: CapacityView, missing: number, now: EpochMs): Extract<Action, { do: 'stay' }>[] => {
  const cheapestFirst = [...recallableMembers(view, now)].sort(
    (a, b) => Number(a.pool.purchase === 'on-demand') - Number(b.pool.purchase === 'on-demand'),
  );
  return cheapestFirst
    .slice(0, Math.max(0, missing))
    .map(({ instanceId }) => ({ do: 'stay', instanceId, reason: 'it is wanted after all' }));
};

/** The counts as they are once those machines stay. */
const withStaying = (
  view: CapacityView,
  counts: Counts,
  stays: readonly { readonly instanceId: InstanceId }[],
): Counts => {
  const staying = new Set(stays.map(({ instanceId }) => instanceId));
  const members = view.state.members.filter((member) => staying.has(member.instanceId));
  const onDemand = members.filter((member) => member.pool.purchase === 'on-demand').length;
  return { ...counts, had: counts.had + members.length, hadOnDemand: counts.hadOnDemand + onDemand };
};

/**
 * Compares wanted and had and asks for what is missing, in one request for each purchase option. Level-triggered: it
 * knows nothing of what woke it, so five thousand warnings make one plan.
 */
export const decideCapacity = (view: CapacityView, now: EpochMs): Plan => {
  const present = countMachines(view, now);
  const stays = decideStaying(view, present.wanted - present.had, now);
  const counts = withStaying(view, present, stays);
  const subject = `fleet ${view.state.head.fleet}`;
  const { restUntil } = view.state.head;
  const isFull = Object.keys(view.state.head.openIntents).length >= OPEN_INTENTS_MAX;
  const isResting = isFull || (restUntil !== undefined && now < restUntil);
  const orders = isResting ? [] : decideOrders(view, counts, now);
  const launches = orders.map<Action>((launch) => ({
    do: 'launch',
    intent: view.makeIntent(launch, now),
    reason: launch.reason,
  }));
  const ordered = orders.reduce((sum, launch) => sum + launch.count, 0);
  const shortfall = isResting ? [] : shortfallAlarm(counts, ordered);
  return {
    subject,
    decidedAt: now,
    actions: [...stays, ...launches, ...shortfall, ...decideLeaving(view, counts.wanted, now)],
  };
};
