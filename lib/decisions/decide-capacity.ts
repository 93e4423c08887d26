import type { FleetState } from '../fleet/fleet.ts';
import { outstandingCount } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import type { InstanceId } from '../fleet/ids.ts';
import { OPEN_INTENTS_MAX } from '../fleet/limits.ts';
import type { Purchase } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Backlog } from '../ports/queues.ts';
import { type Counts, decideOrders } from './capacity-orders.ts';
import { type CapacityView, recallableMembers, usefulMembers } from './capacity-view.ts';
import { dearMembers } from './dear-members.ts';
import { decideLeaving } from './decide-leaving.ts';
import { doubtfulMembers } from './doubtful.ts';
import { explainPools } from './explain-pools.ts';
import type { Action, Plan } from './plan.ts';
import { type FleetMarket, marketOf } from './spot-market.ts';

const outstanding = (state: FleetState, purchase: Purchase): number =>
  Object.values(state.head.openIntents)
    .filter((intent) => intent.purchase === purchase)
    .reduce((sum, intent) => sum + outstandingCount(intent, state.members), 0);

/** Backlog over target, within the fleet's bounds; nothing is wanted for an empty queue beyond the minimum. */
export const wantedCount = (backlog: Backlog, policy: CapacityPolicy): number => {
  const tasks = backlog.waiting + backlog.inFlight + backlog.delayed;
  return Math.max(policy.machinesMin, Math.min(policy.machinesMax, Math.ceil(tasks / policy.targetBacklog)));
};

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

/** With nothing to ask of anyone although machines are missing, people should know. */
const shortfallAlarm = (counts: Counts, ordered: number, market: FleetMarket): Action[] => {
  const missing = counts.wanted - counts.had - ordered;
  if (missing <= 0) return [];
  const reason = `${missing} of ${counts.wanted} machines can be asked of no pool; ${explainPools(market.scores)}`;
  return [{ do: 'alarm', metric: 'NoCapacity', reason }];
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
  const useful = usefulMembers(view, now);
  const doubts = doubtfulMembers(view, useful, now);
  const doubtful = doubts.map(({ member }) => member);
  const market = marketOf(view, useful, doubtful, now);
  const dear = dearMembers(view, market, useful);
  const orders = isResting ? [] : decideOrders({ view, counts, market, doubts, dear, now });
  const launches = orders.map<Action>((launch) => ({
    do: 'launch',
    intent: view.makeIntent(launch, now),
    reason: launch.reason,
  }));
  const ordered = orders.reduce((sum, launch) => sum + launch.count, 0);
  const shortfall = isResting ? [] : shortfallAlarm(counts, ordered, market);
  return {
    subject,
    decidedAt: now,
    actions: [...stays, ...launches, ...shortfall, ...decideLeaving(view, counts.wanted, now, { doubtful, dear })],
  };
};
