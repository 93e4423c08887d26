import { decideTask, isStillQueued, queuedLookAt } from '../decisions/decide-task.ts';
import type { FleetName, TaskId } from '../fleet/ids.ts';
import { SWEEP_BATCH_MAX } from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { countUnknownForm } from './count-unknown-form.ts';
import { inParallel } from './in-parallel.ts';
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

const sendAgain = async (
  world: SweepWorld,
  waiting: Waiting,
  row: TaskRecord,
  checkAt: TaskRecord['checkAt'],
): Promise<void> => {
  const now = world.clock.now();
  const before = await waiting(row.fleet);
  if (isStillQueued(row, before, now)) {
    const lookAt = queuedLookAt(before, now);
    await world.tasks.apply(row.taskId, { step: 'check-again', attempt: row.attempt, checkAt: lookAt });
    return;
  }
  await world.workQueue(row.fleet).send(row.taskId);
  await world.tasks.apply(row.taskId, { step: 'check-again', attempt: row.attempt, checkAt: checkAt! });
  world.metrics.count('TasksResent', 1, { fleet: row.fleet });
};

const sweepRow = async (world: SweepWorld, waiting: Waiting, taskId: TaskId): Promise<void> => {
  // The index only suggested this id; what is decided comes from strong reads.
  const row = await world.tasks.get(taskId);
  // Watching only means that nothing is taken from anybody, either.
  if (row === undefined || settingsOf(world, row.fleet)?.mode === 'observe') return;
  const owner = row.owner === undefined ? undefined : await world.instances.get(row.owner);
  const decision = decideTask(row, owner, world.clock.now());
  switch (decision.do) {
    case 'nothing':
      return;
    case 'check-again':
      await world.tasks.apply(taskId, { step: 'check-again', attempt: row.attempt, checkAt: decision.at });
      return;
    case 'send-again':
      return sendAgain(world, waiting, row, decision.nextAt);
    case 'release':
      return releaseTask(world, { taskId, attempt: row.attempt, owner: row.owner!, fleet: row.fleet }, decision.reason);
  }
};

/** Looks at every row whose time has come: the net under every lost warning, lost message and silent machine. */
export const sweep = async (world: SweepWorld): Promise<SweepSummary> => {
  const due = await world.tasks.due(world.clock.now(), SWEEP_BATCH_MAX);
  const waiting = countWaiting(world);
  const results = await inParallel(due, ROWS_AT_ONCE, (taskId) => sweepRow(world, waiting, taskId));
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
