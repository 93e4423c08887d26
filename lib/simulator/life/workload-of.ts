import type { FleetName, TaskId } from '../../fleet/ids.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { SeededRandom } from '../random.ts';
import type { LifePlan } from './plan.ts';
import { drawWorkload, type PlannedTask } from './workload.ts';

/** Of two fleets the smaller one has fewer tasks. */
const OTHER_TASKS_SHARE = 0.35;

const fleetDrawer = (random: SeededRandom, { settings, other }: LifePlan): (() => FleetName) => {
  if (other === undefined) return () => settings.fleet;
  const aside = random.fork('fleets');
  return () => (aside.chance(OTHER_TASKS_SHARE) ? other.fleet : settings.fleet);
};

/** The tasks of a life, by their ids; a failing one may be played with some of them. */
export const workloadOf = (
  random: SeededRandom,
  plan: LifePlan,
  startAt: EpochMs,
  onlyTasks?: readonly number[],
): ReadonlyMap<TaskId, PlannedTask> => {
  const drawn = drawWorkload(random, {
    count: plan.tasks,
    startAt,
    durationMs: plan.safetyMs,
    mayKill: plan.slots === 1,
    drawFleet: fleetDrawer(random, plan),
  });
  const kept = onlyTasks === undefined ? drawn : drawn.filter((_, index) => onlyTasks.includes(index + 1));
  return new Map(kept.map((task) => [task.truth.taskId, task]));
};
