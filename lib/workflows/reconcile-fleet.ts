import { bootsFail } from '../decisions/boots-fail.ts';
import type { CapacityView, LaunchOrder } from '../decisions/capacity-view.ts';
import { type CapacityPlan, decideCapacity } from '../decisions/decide-capacity.ts';
import { isWorthNoting, mergeRunTimes } from '../decisions/merge-run-times.ts';
import { type Action, describePlan, type Plan } from '../decisions/plan.ts';
import { afterReclaim } from '../decisions/pool-memory.ts';
import type { FleetState, Intent } from '../fleet/fleet.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { type InstanceId, intentId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { BOOTS_FAILED_REST_SECONDS } from '../fleet/limits.ts';
import { poolKey } from '../fleet/pool.ts';
import { TEMPLATE_VERSION_TAG } from '../fleet/tags.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { DescribedMachine } from '../ports/machines.ts';
import { executePlan } from './execute-plan.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure, valuesOf } from './in-parallel.ts';
import { observeMachines } from './observe-machines.ts';
import { readDueTasks } from './read-due-tasks.ts';
import { reconcileGroups } from './reconcile-groups.ts';
import { reconcileInstance } from './record-signal.ts';
import { resumeIntents } from './resume-intents.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

type Records = ReadonlyMap<InstanceId, InstanceRecord>;

const readRecords = async (world: World, state: FleetState): Promise<Records> => {
  const results = await inParallel(state.members, MACHINES_AT_ONCE, (member) => world.instances.get(member.instanceId));
  throwFirstFailure(results);
  const records = valuesOf(results).filter((record) => record !== undefined);
  return new Map(records.map((record) => [record.instanceId, record]));
};

/** The request as it will be sent, now and on every retry, together with what is needed to read its answer. */
const intentMaker =
  (world: World, settings: FleetSettings, { head }: FleetState) =>
  (order: LaunchOrder, now: EpochMs): Intent => {
    const id = intentId(world.newId());
    const subnets = new Map(
      settings.capacity.places.map((place) => [`${place.instanceType}/${place.zone}`, place.subnetId]),
    );
    const request = world.machines.serialise({
      token: id,
      fleet: settings.fleet,
      intentId: id,
      pools: order.pools.map((pool, priority) => ({
        pool,
        subnetId: subnets.get(`${pool.instanceType}/${pool.zone}`)!,
        priority,
      })),
      count: order.count,
      launchTemplateId: settings.launchTemplateId,
      launchTemplateVersion: settings.launchTemplateVersion,
      tags: settings.tags,
    });
    const { runTimes: runTimesExpected } = head;
    const stored = JSON.stringify({ fleet: settings.fleet, pools: order.pools, request, runTimesExpected });
    return {
      intentId: id,
      purchase: order.purchase,
      count: order.count,
      request: stored,
      reason: order.reason,
      openedAt: now,
    };
  };

/** Pools whose machines EC2 is taking are set aside before anything is asked for. */
const notePools = async (world: World, state: FleetState, records: Records, now: EpochMs): Promise<FleetState> => {
  const pools = { ...state.head.pools };
  for (const record of records.values()) {
    const taken = record.signals['spot-interruption'] ?? record.signals['bid-evicted'];
    const key = poolKey(record.pool);
    if (taken === undefined || (pools[key]?.reclaimedAt ?? 0) >= taken.recordedAt) continue;
    pools[key] = afterReclaim(pools[key], now);
    await world.fleets.notePool(state.head.fleet, key, pools[key]);
  }
  return { ...state, head: { ...state.head, pools } };
};

/** What its machines have learned of their tasks is kept for those to come, also when none is left meanwhile. */
const noteRunTimes = async (world: World, state: FleetState, records: Records): Promise<FleetState> => {
  const runTimes = mergeRunTimes([...records.values()].map((record) => record.runTimes));
  if (runTimes === undefined || !isWorthNoting(state.head.runTimes, runTimes)) return state;
  await world.fleets.noteRunTimes(state.head.fleet, runTimes);
  return { ...state, head: { ...state.head, runTimes } };
};

/** A fleet whose machines cannot start rests, so that mending it costs a boot now and then and not one after the other. */
const restIfBootsFail = async (
  world: World,
  { fleet }: FleetSettings,
  state: FleetState,
  records: Records,
): Promise<FleetState> => {
  if (!bootsFail([...records.values()])) return state;
  world.metrics.count('BootsFailed', 1, { fleet });
  world.log.error('Machines end before their agent starts; look at worker.setup, the task file and the image.', {
    fleet,
  });
  const restUntil = addMs(world.clock.now(), secondsToMs(BOOTS_FAILED_REST_SECONDS));
  await world.fleets.changeHead(fleet, state.head.generation, { restUntil });
  return { ...state, head: { ...state.head, generation: state.head.generation + 1, restUntil } };
};

const isLaunch = (action: Action): action is Extract<Action, { do: 'launch' }> => action.do === 'launch';

/** Intents are written before EC2 is asked, and only on the generation that was read: the loser stops. */
const writeIntents = async (world: World, state: FleetState, plan: Plan): Promise<'done' | 'lost'> => {
  const intents = plan.actions.filter(isLaunch).map((action) => action.intent);
  if (intents.length === 0) return 'done';
  return world.fleets.changeHead(state.head.fleet, state.head.generation, { open: intents });
};

/** Which agent and task a machine fetched is told by the template that it was launched from. */
const outdatedMachines = (
  { upgrade, launchTemplateVersion }: FleetSettings,
  described: readonly DescribedMachine[],
): ReadonlySet<InstanceId> => {
  const isOlder = ({ tags }: DescribedMachine): boolean => tags[TEMPLATE_VERSION_TAG] !== launchTemplateVersion;
  const older = upgrade === 'rolling' ? described.filter(isOlder) : [];
  return new Set(older.map((machine) => machine.instanceId));
};

const keepPlan = async (world: World, settings: FleetSettings, plan: Plan): Promise<void> => {
  if (plan.actions.length === 0) return;
  const { fleet } = settings;
  await world.money.putPlan({ fleet, at: plan.decidedAt, id: world.newId(), plan: describePlan(plan) });
};

/** How long spot is waited for counts from one reconcile to the next. */
const noteSpotAway = async (world: World, { head }: FleetState, { spotAwaySince }: CapacityPlan): Promise<void> => {
  if (head.spotAwaySince !== spotAwaySince) await world.fleets.noteSpotAway(head.fleet, spotAwaySince);
};

/**
 * Items as they are once those plans are done, as far as capacity goes: a machine that has just been drained is not to be
 * called back, and what it was to do is missing.
 */
const afterDrains = (
  records: Records,
  results: readonly PromiseSettledResult<Plan | undefined>[],
  drainingAt: EpochMs,
): Records => {
  const plans = valuesOf(results).flatMap((plan) => plan?.actions ?? []);
  const drained = plans.flatMap((action) => (action.do === 'mark-draining' ? [records.get(action.instanceId)!] : []));
  return new Map([...records, ...drained.map((record) => [record.instanceId, { ...record, drainingAt }] as const)]);
};

const reconcileCapacity = async (
  world: World,
  wakes: WakeCollector,
  settings: FleetSettings,
  read: Pick<CapacityView, 'state' | 'records' | 'outdated'>,
): Promise<void> => {
  const now = world.clock.now();
  const learned = await noteRunTimes(world, read.state, read.records);
  const prices = await world.fleets.prices(settings.fleet);
  const backlog = await world.workQueue(settings.fleet).backlog();
  const due = await readDueTasks(world, settings, read.state, read.records, backlog);
  const view: CapacityView = {
    ...(prices === undefined ? {} : { prices }),
    ...(due === undefined ? {} : { due }),
    state: await notePools(world, learned, read.records, now),
    records: read.records,
    backlog,
    policy: settings.capacity,
    drainPolicy: settings.drain,
    outdated: read.outdated,
    makeIntent: intentMaker(world, settings, learned),
  };
  const plan = decideCapacity(view, now);
  await noteSpotAway(world, view.state, plan);
  await keepPlan(world, settings, plan);
  if (settings.mode !== 'manage') return;
  if ((await writeIntents(world, view.state, plan)) === 'lost') {
    world.metrics.count('ReconcileLost', 1, { fleet: settings.fleet });
    return wakes.now(settings.fleet);
  }
  await executePlan(world, wakes, plan);
};

/**
 * One fleet, from what is recorded and what EC2 says, to what is wanted. It accepts no input but the fleet's name:
 * whatever woke it, it reads everything anew.
 */
export const reconcileFleet = async (world: World, wakes: WakeCollector, settings: FleetSettings): Promise<void> => {
  const before = await world.fleets.read(settings.fleet);
  // Adoption first: the proof of a machine whose launch was never answered is its intent, still open.
  const observed = await observeMachines(world, settings, before);
  if (settings.mode === 'manage') await resumeIntents(world, wakes, before);
  const state = await world.fleets.read(settings.fleet);
  const records = await readRecords(world, state);
  const results = await inParallel([...records.values()], MACHINES_AT_ONCE, (record) =>
    reconcileInstance(world, wakes, record, { seenBy: 'reconcile', isEndTold: observed.ended.has(record.instanceId) }),
  );
  const { machines } = observed;
  const left = await reconcileGroups(world, wakes, settings, { records: records.values(), machines });
  const rested = settings.mode === 'manage' ? await restIfBootsFail(world, settings, state, records) : state;
  await reconcileCapacity(world, wakes, settings, {
    state: rested,
    records: afterDrains(records, results, world.clock.now()),
    outdated: outdatedMachines(settings, machines),
  });
  throwFirstFailure([...results, ...left]);
};
