import type { Action, Plan } from '../decisions/plan.ts';
import { describePlan } from '../decisions/plan.ts';
import { runOf } from '../money/run-of.ts';
import { inParallel, throwFirstFailure } from './in-parallel.ts';
import { launchIntent } from './launch-intent.ts';
import { completeLifecycle, deregisterMachines, detachMachines } from './leave-groups.ts';
import { releaseTask } from './release-task.ts';
import { terminateMachines } from './terminate-machines.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

/** Releases of one machine go side by side: a machine holds few tasks, and each is three small calls. */
const RELEASES_AT_ONCE = 8;

type Executors = {
  readonly [Kind in Action['do']]: (
    world: World,
    wakes: WakeCollector,
    action: Extract<Action, { readonly do: Kind }>,
  ) => Promise<void>;
};

/** The run first, the place in the fleet last: as long as it has one, a machine is looked at by every reconcile. */
const closeRun = async (
  world: World,
  instanceId: Extract<Action, { do: 'close-run' }>['instanceId'],
): Promise<void> => {
  const record = await world.instances.get(instanceId);
  if (record === undefined) return;
  const now = world.clock.now();
  if (record.goneAt === undefined) {
    await world.money.putRun(runOf(record, now));
    await world.instances.markGone(instanceId, now);
  }
  await world.fleets.removeMember(record.fleet, instanceId);
};

const drain = async (world: World, action: Extract<Action, { do: 'mark-draining' | 'leave' }>, drains: boolean) => {
  const now = world.clock.now();
  const kind = drains ? 'operator-drain' : 'leave';
  await world.instances.recordSignal({ kind, instanceId: action.instanceId, at: now }, drains, now);
};

/** One entry for each kind of action; a kind without an entry does not compile. */
const EXECUTORS: Executors = {
  'release-tasks': async (world, _wakes, { instanceId, fleet, tasks, reason }) => {
    const results = await inParallel(tasks, RELEASES_AT_ONCE, (task) =>
      releaseTask(world, { ...task, owner: instanceId, fleet }, reason),
    );
    throwFirstFailure(results);
  },
  'look-again': async (_world, wakes, { fleet, at }) => wakes.at(fleet, at),
  'wake-fleet': async (_world, wakes, { fleet }) => wakes.now(fleet),
  'mark-draining': (world, _wakes, action) => drain(world, action, true),
  stay: async (world, _wakes, { instanceId }) => void (await world.instances.withdraw(instanceId, 'leave')),
  leave: (world, _wakes, action) => drain(world, action, false),
  'close-run': (world, _wakes, { instanceId }) => closeRun(world, instanceId),
  terminate: (world, _wakes, { instanceIds, reason }) => terminateMachines(world, instanceIds, reason),
  launch: (world, wakes, { intent }) => launchIntent(world, wakes, intent),
  wait: async (world, _wakes, { fleet }) => world.metrics.count('WaitingForSpot', 1, { fleet }),
  alarm: async (world, _wakes, { metric, reason }) => {
    world.metrics.count(metric);
    world.log.warn(reason, { metric });
  },
  detach: (world, _wakes, action) => detachMachines(world, action),
  deregister: (world, _wakes, action) => deregisterMachines(world, action),
  'complete-lifecycle': (world, _wakes, action) => completeLifecycle(world, action),
};

const execute = (world: World, wakes: WakeCollector, action: Action): Promise<void> =>
  (EXECUTORS[action.do] as (world: World, wakes: WakeCollector, action: Action) => Promise<void>)(world, wakes, action);

/** Does what the plan says, in its order, and makes no choices. A failed action stops the rest: the whole is repeated. */
export const executePlan = async (world: World, wakes: WakeCollector, plan: Plan): Promise<void> => {
  if (plan.actions.length === 0) return;
  world.log.info('Plan', { plan: describePlan(plan) });
  for (const action of plan.actions) await execute(world, wakes, action);
};
