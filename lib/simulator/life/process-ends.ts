import type { InstanceId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { Life } from './life.ts';
import type { HostedMachine } from './machine-host.ts';

const takenBy = ({ memory }: Life, instanceId: InstanceId): readonly TaskRecord[] =>
  [...memory.tasks.rows.values()].filter((row) => row.status === 'running' && row.owner === instanceId);

const heldOf = ({ memory }: Life, rows: readonly TaskRecord[], instanceId: InstanceId): readonly TaskRecord[] => {
  const leases = memory.instances.records.get(instanceId)?.leases ?? {};
  return rows.filter(({ taskId, attempt }) => leases[taskId] === attempt);
};

const onlyOne = <One>([first, ...others]: readonly One[]): One | undefined => (others.length === 0 ? first : undefined);

const countFailure = ({ workload }: Life, { taskId }: TaskRecord): void => {
  const truth = workload.get(taskId)?.truth;
  if (truth !== undefined) truth.failures += 1;
};

/**
 * An agent whose process ends cannot tell whether a task of its did it: to the one that it held, or had taken, it is a
 * failure (F33). Of several, nobody knows which one did it, and none has failed.
 */
export const noteProcessEnd = (life: Life, { instanceId }: HostedMachine): void => {
  const rows = takenBy(life, instanceId);
  const held = heldOf(life, rows, instanceId);
  const blamed = onlyOne(held) ?? onlyOne(rows);
  life.blamed.set(instanceId, blamed?.taskId);
  if (blamed !== undefined) countFailure(life, blamed);
};

/**
 * A hold that was on its way when its process ended has been granted to nobody who lives: the next process finds one task
 * where there seemed to be none, several or another, and blames that one.
 */
export const noteProcessStart = (life: Life, { instanceId }: HostedMachine): void => {
  const blamedBefore = life.blamed.get(instanceId);
  if (!life.blamed.delete(instanceId)) return;
  const blamed = onlyOne(heldOf(life, takenBy(life, instanceId), instanceId));
  if (blamed !== undefined && blamed.taskId !== blamedBefore) countFailure(life, blamed);
};
