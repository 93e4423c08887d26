import type { FleetName, InstanceId, TaskId } from '../fleet/ids.ts';
import type { World } from './world.ts';

type ReleaseWorld = Pick<World, 'tasks' | 'workQueue' | 'instances' | 'clock' | 'log' | 'metrics'>;

export interface Lease {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly owner: InstanceId;
  readonly fleet: FleetName;
}

/**
 * Takes one task from a machine: the ledger first, then a new message, then the machine's own list. A crash between any
 * two leaves a row that the sweep finds within its next rounds, and repeating all three changes nothing.
 */
export const releaseTask = async (world: ReleaseWorld, lease: Lease, reason: string): Promise<void> => {
  const { taskId, attempt, owner, fleet } = lease;
  const result = await world.tasks.apply(taskId, { step: 'release', attempt, owner, now: world.clock.now() });
  // Ready under our own attempt: a release whose reply was lost. Its message may not have been sent.
  const isReleased = result.row?.status === 'ready' && result.row.attempt === attempt;
  if (isReleased) {
    await world.workQueue(fleet).send(taskId);
    world.metrics.count('TasksReleased', 1, { fleet });
    world.log.info('Released a task.', { taskId, attempt, instanceId: owner, fleet, reason });
  }
  // Held until it is copied to where people look (O2): its owner may have ended before that. Who meets this copies it.
  const isPerhapsNotCopied = result.row?.status === 'dead' && result.row.attempt === attempt;
  if (isPerhapsNotCopied) await world.workQueue(fleet).send(taskId);
  await world.instances.dropLease(owner, taskId, attempt);
};
