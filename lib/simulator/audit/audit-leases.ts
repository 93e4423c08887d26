import type { TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { Judge } from './promises.ts';

/** A lease is dropped once the row no longer names its machine: as long as it does, whoever runs the task is its owner. */
export const auditLeases = (
  { judge, rowOf }: { readonly judge: Judge; readonly rowOf: (id: TaskId) => TaskRecord | undefined },
  instances: InstanceStore,
): InstanceStore => ({
  ...instances,
  dropLease: (id, taskId, attempt) => {
    const row = rowOf(taskId);
    if (row?.status === 'running' && row.owner === id && row.attempt === attempt) {
      judge.say('W4', `the lease of ${taskId} was dropped from ${id}, which it still belongs to`);
    }
    return instances.dropLease(id, taskId, attempt);
  },
});
