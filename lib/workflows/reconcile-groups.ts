import { decideGroups, groupView } from '../decisions/decide-groups.ts';
import { describePlan } from '../decisions/plan.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import type { DescribedMachine } from '../ports/machines.ts';
import { executePlan } from './execute-plan.ts';
import { inParallel } from './in-parallel.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

/** Three kinds of steps at two services; one that fails keeps no other waiting. */
const STEPS_AT_ONCE = 4;

/**
 * Takes draining machines out of the groups that the fleet file names: in `attach` it is done, in `observe` only planned.
 * A fleet that names none costs nothing here. Answers how each step went, for the end of the reconcile.
 */
export const reconcileGroups = async (
  world: World,
  wakes: WakeCollector,
  settings: FleetSettings,
  seen: { readonly records: Iterable<InstanceRecord>; readonly machines: readonly DescribedMachine[] },
): Promise<readonly PromiseSettledResult<void>[]> => {
  const { groups, fleet, mode } = settings;
  if (groups === undefined) return [];
  const view = groupView(settings, groups, { records: [...seen.records], machines: seen.machines });
  const plan = decideGroups(view, world.clock.now());
  if (plan.actions.length === 0) return [];
  await world.money.putPlan({ fleet, at: plan.decidedAt, id: world.newId(), plan: describePlan(plan) });
  if (mode === 'observe') return [];
  return inParallel(plan.actions, STEPS_AT_ONCE, (action) => executePlan(world, wakes, { ...plan, actions: [action] }));
};
