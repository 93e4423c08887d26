import type { TaskId } from '../../fleet/ids.ts';
import type { LeaseChange } from '../../ports/instances.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { createDebts } from './debts.ts';
import { isRunningOn } from './what-items-say.ts';

/** A task whose hold was refused is given back by the next heartbeats, as long as nothing fails. */
const GIVEN_BACK_WITHIN_MS = 30_000;

export type RefusalsWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'rowOf'>;

/** What may not be held is not kept: its row says `running`, and nothing but a lease says where (W4). */
export const watchRefusals = ({ now, judge, instanceId, rowOf }: RefusalsWorld) => {
  const attempts = new Map<TaskId, number>();
  const kept = createDebts<TaskId>(now, GIVEN_BACK_WITHIN_MS);
  return {
    /** These may not be held; so many calls of the process have failed so far. */
    refused: (holds: LeaseChange['holds'], failures: number): void => {
      for (const { taskId, attempt } of holds ?? []) {
        attempts.set(taskId, attempt);
        kept.paid(taskId);
        kept.owe(taskId, failures);
      }
    },
    /** With each heartbeat. */
    look: (failures: number): void => {
      for (const id of kept.overdue(failures))
        if (isRunningOn(rowOf(id), instanceId, attempts.get(id)!))
          judge.say('W4', `${id} may not be held on ${instanceId}, and is kept`);
    },
  };
};
