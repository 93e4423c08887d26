import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { LeaseChange } from '../../ports/instances.ts';
import type { Judge } from './promises.ts';
import { isRunningOn } from './what-items-say.ts';

/** A task whose hold was refused is given back by the next heartbeats, as long as nothing fails. */
const GIVEN_BACK_WITHIN_MS = 30_000;

export interface RefusalsWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
}

interface Refused {
  readonly attempt: number;
  readonly at: EpochMs;
  /** Calls that had failed by then. */
  readonly failures: number;
}

/** What may not be held is not kept: its row says `running`, and nothing but a lease says where (W4). */
export const watchRefusals = ({ now, judge, instanceId, rowOf }: RefusalsWorld) => {
  const refused = new Map<TaskId, Refused>();
  return {
    /** These may not be held; so many calls of the process have failed so far. */
    refused: (holds: LeaseChange['holds'], failures: number): void => {
      for (const { taskId, attempt } of holds ?? []) refused.set(taskId, { attempt, at: now(), failures });
    },
    /** With each heartbeat. */
    look: (failures: number): void => {
      for (const [taskId, { attempt, at, failures: before }] of refused) {
        if (now() - at < GIVEN_BACK_WITHIN_MS) continue;
        refused.delete(taskId);
        const isStill = isRunningOn(rowOf(taskId), instanceId, attempt);
        if (isStill && before === failures) judge.say('W4', `${taskId} may not be held on ${instanceId}, and is kept`);
      }
    },
  };
};
