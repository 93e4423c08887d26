import type { FleetState, Member } from '../fleet/fleet.ts';
import { outstandingCount } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import type { InstanceId } from '../fleet/ids.ts';
import { OPEN_INTENTS_MAX } from '../fleet/limits.ts';
import type { Purchase } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Backlog } from '../ports/queues.ts';
import { type Counts, decideOrders, type Situation } from './capacity-orders.ts';
import { type CapacityView, recallableMembers, usefulMembers } from './capacity-view.ts';
import { courseOf, decideLeavingByWindow, mayStay, windowAlarm, windowOf, withWindow } from './capacity-window.ts';
import { dearMembers } from './dear-members.ts';
import { decideLeaving } from './decide-leaving.ts';
import { doubtfulMembers } from './doubtful.ts';
import { explainPools } from './explain-pools.ts';
import type { Action, Plan } from './plan.ts';
import { spotAwaySince, waitsForSpot } from './spot-away.ts';
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

type Stay = Extract<Action, { do: 'stay' }>;

/** Before anything is bought, machines that are leaving and still at work are called back, spot before on demand. */
const decideStaying = (
  view: CapacityView,
  missing: number,
  mayBe: (member: Member) => boolean,
  now: EpochMs,
): readonly Stay[] => {
  const cheapestFirst = recallableMembers(view, now)
    .filter(mayBe)
    .sort((a, b) => Number(a.pool.purchase === 'on-demand') - Number(b.pool.purchase === 'on-demand'));
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

/** Machines are missing on purpose, because there is time; or nobody can be asked, and people should know. */
const shortfallActions = (situation: Situation, ordered: number): Action[] => {
  const { view, counts, market, course, spotAwaySince: since, now } = situation;
  const missing = counts.wanted - counts.had - ordered;
  const why = course.window.kind === 'wait' ? course.window.reason : waitsForSpot(view, since, now);
  if (why === undefined || missing <= 0) return shortfallAlarm(counts, ordered, market);
  const reason = `${missing} of ${counts.wanted} machines; ${why}; ${explainPools(market.scores)}`;
  return [{ do: 'wait', fleet: view.state.head.fleet, reason }];
};

const askedFor = (state: FleetState): Readonly<Record<Purchase, number>> => ({
  spot: outstanding(state, 'spot'),
  'on-demand': outstanding(state, 'on-demand'),
});

/** Everything that a plan is made from, with the fleet's policy as its window makes it. */
const situationOf = (read: CapacityView, now: EpochMs): Situation & { readonly stays: readonly Stay[] } => {
  const useful = usefulMembers(read, now);
  const doubts = doubtfulMembers(read, useful, now);
  const whole = marketOf(
    read,
    useful,
    doubts.map(({ member }) => member),
    now,
  );
  const course = courseOf(windowOf(read, useful, askedFor(read.state), now), whole.onDemand.length);
  const view = withWindow(read, course, useful);
  const market = course.isOnDemandOnly ? { ...whole, spot: [] } : whole;
  const present = countMachines(view, now);
  const stays = decideStaying(view, present.wanted - present.had, mayStay(course), now);
  const counts = withStaying(view, present, stays);
  return {
    view,
    counts,
    market,
    doubts,
    dear: dearMembers(view, market, useful),
    course,
    machinesKept: read.policy.machinesMin,
    spotAwaySince: spotAwaySince(view, counts.wanted, market.spot.length > 0, now),
    stays,
    now,
  };
};

const isResting = ({ view, now }: Situation): boolean => {
  const { openIntents, restUntil } = view.state.head;
  return Object.keys(openIntents).length >= OPEN_INTENTS_MAX || (restUntil !== undefined && now < restUntil);
};

/** Who is let go: first what the window needs no longer; else for any other reason. */
const leavingActions = (situation: Situation): Action[] => {
  const { view, counts, doubts, dear, now } = situation;
  const byWindow = decideLeavingByWindow(situation);
  if (byWindow.length > 0) return byWindow;
  return decideLeaving(view, counts.wanted, now, { doubtful: doubts.map(({ member }) => member), dear });
};

/** A plan, and what is to be remembered for the next. */
export interface CapacityPlan extends Plan {
  /** Since when spot has given nothing, where on demand stands in later than at once. */
  readonly spotAwaySince?: EpochMs;
}

/**
 * Compares wanted and had and asks for what is missing, in one request for each purchase option. Level-triggered: it
 * knows nothing of what woke it, so five thousand warnings make one plan.
 */
export const decideCapacity = (read: CapacityView, now: EpochMs): CapacityPlan => {
  const situation = situationOf(read, now);
  const orders = isResting(situation) ? [] : decideOrders(situation);
  const launches = orders.map<Action>((launch) => ({
    do: 'launch',
    intent: read.makeIntent(launch, now),
    reason: launch.reason,
  }));
  const ordered = orders.reduce((sum, launch) => sum + launch.count, 0);
  const shortfall = isResting(situation) ? [] : shortfallActions(situation, ordered);
  const alarms = windowAlarm(situation.course.window);
  return {
    subject: `fleet ${read.state.head.fleet}`,
    decidedAt: now,
    ...(situation.spotAwaySince === undefined ? {} : { spotAwaySince: situation.spotAwaySince }),
    actions: [...situation.stays, ...launches, ...shortfall, ...alarms, ...leavingActions(situation)],
  };
};
