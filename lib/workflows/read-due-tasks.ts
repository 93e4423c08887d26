import type { DueTasks } from '../decisions/capacity-view.ts';
import type { FleetState } from '../fleet/fleet.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { InstanceId, TaskId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { WINDOW_DISORDER_SECONDS, WINDOW_TASKS_READ_MAX } from '../fleet/limits.ts';
import { addMs, type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';
import type { Backlog } from '../ports/queues.ts';
import { inParallel } from './in-parallel.ts';
import type { World } from './world.ts';

type DueWorld = Pick<World, 'tasks' | 'fleets' | 'log'>;

const ROWS_AT_ONCE = 16;

/** A figure that cannot be read is unknown, and the fleet does without: it must not stand still for it. */
const oldestKnown = async (world: DueWorld, { head }: FleetState): Promise<EpochMs | undefined> => {
  try {
    return await world.tasks.oldestUnfinished(head.fleet, head.unfinishedSince ?? epochMs(0));
  } catch (error) {
    const { fleet } = head;
    world.log.warn('Since when the oldest task waits cannot be read.', { fleet, reason: String(error) });
    return undefined;
  }
};

/** The next search begins where this one ended, but for clocks that differ: other fleets may have many older tasks. */
const remember = async (world: DueWorld, { head }: FleetState, oldest: EpochMs): Promise<void> => {
  const since = addMs(oldest, -secondsToMs(WINDOW_DISORDER_SECONDS));
  const isWorthIt = since >= (head.unfinishedSince ?? 0) + secondsToMs(WINDOW_DISORDER_SECONDS);
  if (isWorthIt) await world.fleets.noteUnfinishedSince(head.fleet, since);
};

const heldOnDemand = (state: FleetState, records: ReadonlyMap<InstanceId, InstanceRecord>): readonly TaskId[] =>
  state.members
    .filter(({ pool }) => pool.purchase === 'on-demand')
    .flatMap(({ instanceId }) => Object.keys(records.get(instanceId)?.leases ?? {}) as TaskId[]);

/** What is on on-demand machines is not begun again: how far it is decides how many more are needed. */
const readTakenAt = async (world: DueWorld, ids: readonly TaskId[]): Promise<ReadonlyMap<TaskId, EpochMs>> => {
  const rows = await inParallel(ids.slice(0, WINDOW_TASKS_READ_MAX), ROWS_AT_ONCE, (id) => world.tasks.get(id));
  return new Map(
    rows.flatMap((row) =>
      row.status === 'fulfilled' && row.value?.takenAt !== undefined ? [[row.value.taskId, row.value.takenAt]] : [],
    ),
  );
};

/** Since when the fleet's tasks wait, and how far those are that it pays on-demand machines for. */
export const readDueTasks = async (
  world: DueWorld,
  { capacity }: FleetSettings,
  state: FleetState,
  records: ReadonlyMap<InstanceId, InstanceRecord>,
  { waiting, inFlight, delayed }: Backlog,
): Promise<DueTasks | undefined> => {
  if (capacity.window === undefined || waiting + inFlight + delayed === 0) return undefined;
  const oldestSubmittedAt = await oldestKnown(world, state);
  if (oldestSubmittedAt === undefined) return undefined;
  await remember(world, state, oldestSubmittedAt);
  return { oldestSubmittedAt, takenAt: await readTakenAt(world, heldOnDemand(state, records)) };
};
