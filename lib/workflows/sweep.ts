import { decideTask, forgottenAmong, isStillQueued, queuedLookAt } from '../decisions/decide-task.ts';
import type { FleetName, TaskId } from '../fleet/ids.ts';
import { SILENCE_SECONDS_MAX, SWEEP_AHEAD_MAX, SWEEP_BATCH_MAX } from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { resendAt } from '../fleet/task-protocol.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { countUnknownForm } from './count-unknown-form.ts';
import { inParallel, valuesOf } from './in-parallel.ts';
import { releaseTask } from './release-task.ts';
import { settingsOf, type World } from './world.ts';

type SweepWorld = Pick<World, 'tasks' | 'workQueue' | 'instances' | 'settings' | 'clock' | 'log' | 'metrics'>;

const ROWS_AT_ONCE = 16;

export interface SweepSummary {
  readonly looked: number;
  readonly failed: number;
}

/** How many messages of a fleet wait to be received. */
type Waiting = (fleet: FleetName) => Promise<number>;

/** Asked once for each fleet and sweep: the figure is a minute old in any case. */
const countWaiting = (world: SweepWorld): Waiting => {
  const asked = new Map<FleetName, Promise<number>>();
  return (fleet) => {
    const waiting =
      asked.get(fleet) ??
      world
        .workQueue(fleet)
        .backlog()
        .then((backlog) => backlog.waiting);
    asked.set(fleet, waiting);
    return waiting;
  };
};

const send = async (world: SweepWorld, row: TaskRecord, checkAt: EpochMs): Promise<void> => {
  const { taskId, attempt, fleet } = row;
  await world.workQueue(fleet).send(taskId);
  await world.tasks.apply(taskId, { step: 'check-again', attempt, checkAt, sentAgainAt: world.clock.now() });
  world.metrics.count('TasksResent', 1, { fleet });
};

const lookAgainAt = (world: SweepWorld, { taskId, attempt }: TaskRecord, checkAt: EpochMs): Promise<unknown> =>
  world.tasks.apply(taskId, { step: 'check-again', attempt, checkAt });

const sendAgain = async (world: SweepWorld, waiting: Waiting, row: TaskRecord, nextAt: EpochMs): Promise<void> => {
  const now = world.clock.now();
  const before = await waiting(row.fleet);
  if (isStillQueued(row, before, now)) await lookAgainAt(world, row, queuedLookAt(before, now));
  else await send(world, row, nextAt);
};

/** Watching only means that nothing is taken from anybody, either. */
const isWatched = (world: SweepWorld, fleet: FleetName): boolean => settingsOf(world, fleet)?.mode === 'observe';

/** Their rows stay due as they are: however many there are, they must not stand before those of others. */
const watchedFleets = (world: SweepWorld): ReadonlySet<FleetName> =>
  new Set([...world.settings.keys()].filter((fleet) => isWatched(world, fleet)));

/** The index only suggested this id; what is decided comes from strong reads. */
const readRow = async (world: SweepWorld, taskId: TaskId): Promise<TaskRecord | undefined> => {
  const row = await world.tasks.get(taskId);
  return row === undefined || isWatched(world, row.fleet) ? undefined : row;
};

const sweepRow = async (world: SweepWorld, waiting: Waiting, taskId: TaskId): Promise<void> => {
  const row = await readRow(world, taskId);
  if (row === undefined) return;
  const owner = row.owner === undefined ? undefined : await world.instances.get(row.owner);
  const decision = decideTask(row, owner, world.clock.now());
  switch (decision.do) {
    case 'nothing':
      return;
    case 'check-again':
      await lookAgainAt(world, row, decision.at);
      return;
    case 'send-again':
      return sendAgain(world, waiting, row, decision.nextAt);
    case 'release':
      return releaseTask(world, { taskId, attempt: row.attempt, owner: row.owner!, fleet: row.fleet }, decision.reason);
  }
};

/**
 * A message that is lost while others wait leaves its task to a look that may be far off. Of whatever is ready beyond what
 * waits, the message is gone. What runs is due within the time that an owner may be silent, so what comes later in the
 * index is ready.
 */
const lookAhead = async (world: SweepWorld, waiting: Waiting): Promise<readonly PromiseSettledResult<unknown>[]> => {
  const after = addMs(world.clock.now(), secondsToMs(SILENCE_SECONDS_MAX));
  const later = await world.tasks.dueLater(after, SWEEP_AHEAD_MAX, watchedFleets(world));
  const read = await inParallel(later, ROWS_AT_ONCE, (taskId) => readRow(world, taskId));
  const rows = valuesOf(read).filter((row) => row !== undefined);
  const found = await inParallel([...Map.groupBy(rows, ({ fleet }) => fleet)], ROWS_AT_ONCE, async ([fleet, some]) =>
    forgottenAmong(some, await waiting(fleet), world.clock.now()),
  );
  const now = world.clock.now();
  const sent = await inParallel(valuesOf(found).flat(), ROWS_AT_ONCE, (row) => send(world, row, resendAt(now)));
  return [...read, ...found, ...sent];
};

/** Looks at every row whose time has come: the net under every lost warning, lost message and silent machine. */
export const sweep = async (world: SweepWorld): Promise<SweepSummary> => {
  const due = await world.tasks.due(world.clock.now(), SWEEP_BATCH_MAX, watchedFleets(world));
  const waiting = countWaiting(world);
  const looked = await inParallel(due, ROWS_AT_ONCE, (taskId) => sweepRow(world, waiting, taskId));
  const results = [...looked, ...(await lookAhead(world, waiting))];
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  for (const reason of reasons) countUnknownForm(world, reason);
  const failures = reasons.map(String);
  if (failures.length > 0) {
    world.log.error('The sweep could not handle every row; the next one tries again.', {
      failures: failures.slice(0, 3),
    });
  }
  return { looked: due.length, failed: failures.length };
};
