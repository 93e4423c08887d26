import type { TaskId } from '../../fleet/ids.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';

export type BurialsWorld = Pick<AgentDutiesWorld, 'judge' | 'rowOf' | 'isReopened'>;

/** What one process of an agent does about dead tasks: copied to where people look, first, and nothing else is (O2). */
export const watchBurials = ({ judge, rowOf, isReopened }: BurialsWorld) => {
  const copied = new Set<TaskId>();
  /** Messages that were sent, and in whose place no other has been removed yet. */
  const replaced = new Map<TaskId, number>();
  /** Handles of messages in whose place others were sent; a deletion may be tried again. */
  const spent = new Set<string>();
  return {
    /** Only an operator opens a dead task again, and who copies it then may not know of it. */
    copies: (id: TaskId, answer: Promise<void>): void => {
      const row = rowOf(id);
      if (row !== undefined && row.status !== 'dead' && !isReopened(id))
        judge.say('O2', `${id} is ${row.status}, and is copied to where the dead are`);
      void answer.then(
        () => copied.add(id),
        () => undefined,
      );
    },
    /** Another message of it was sent, in place of one that its queue would soon move away. */
    sent: (id: TaskId): void => void replaced.set(id, (replaced.get(id) ?? 0) + 1),
    /** Its message is deleted: whoever declared it dead may have ended before it was copied, so whoever finds it copies it. */
    removes: (id: TaskId | undefined, receiptHandle: string): void => {
      if (id === undefined) return;
      const left = replaced.get(id) ?? 0;
      if (left > 0 && !spent.has(receiptHandle)) {
        replaced.set(id, left - 1);
        spent.add(receiptHandle);
      }
      if (spent.has(receiptHandle) || copied.has(id) || rowOf(id)?.status !== 'dead') return;
      judge.say('O2', `${id} is dead, and its message is removed by whoever has not copied it`);
    },
  };
};
