import type { FleetName, TaskId } from '../../fleet/ids.ts';
import { parseTaskMessage } from '../../fleet/message.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { WorkQueue } from '../../ports/queues.ts';
import type { Faults } from '../faults/faults.ts';
import type { Caller } from '../life/caller.ts';
import type { MemoryWorkQueue } from '../ports/memory-work-queue.ts';
import type { Judge } from './promises.ts';

export interface QueueAuditWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly faults: Faults;
  readonly acting: { readonly by: Caller | undefined };
  /** Whose queue it is. */
  readonly fleet: FleetName;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
  /** It is in the dead-letter queue, where people look. */
  readonly isCopied: (id: TaskId) => boolean;
  /** An operator has reopened it at some time, while whoever had found it dead may have been about to remove its message. */
  readonly isReopened: (id: TaskId) => boolean;
}

const isOver = (row: TaskRecord): boolean => row.status !== 'ready' && row.status !== 'running';

/** Judges what is acknowledged, and in which order rows and messages come. */
export const auditQueue = (world: QueueAuditWorld, queue: MemoryWorkQueue): WorkQueue => {
  const { judge } = world;

  const judgeSending = (id: TaskId) => {
    const row = world.rowOf(id);
    if (row === undefined) return judge.say('W1', `a message for ${id} was sent before its row was written`);
    if (row.fleet !== world.fleet) judge.say('W1', `${id} of ${row.fleet} was sent to the queue of ${world.fleet}`);
    const { by } = world.acting;
    by?.memo.sent.set(id, world.now());
  };

  /** A message may go when its task is over, or when another one has taken its place. */
  const judgeDeletion = (messageId: string, body: string) => {
    const parsed = parseTaskMessage(body);
    if (parsed.kind === 'unknown-form') return judge.say('O1', `a message of an unknown form was deleted: ${body}`);
    if (parsed.kind !== 'task') return;
    const row = world.rowOf(parsed.taskId);
    const isLast = (): boolean =>
      !queue.messages().some((message) => message.body === body && message.messageId !== messageId);
    if (row?.status === 'dead' && !world.isCopied(parsed.taskId) && isLast())
      return judge.say('O2', `the message of ${parsed.taskId} was deleted, which is dead and copied nowhere`);
    if (row === undefined || isOver(row)) return;
    if (row.status === 'ready' && world.isReopened(parsed.taskId)) return;
    if (isLast()) judge.say('O1', `the last message of ${parsed.taskId} was deleted, which is ${row.status}`);
  };

  return {
    ...queue,
    send: (id, delaySeconds) => {
      judgeSending(id);
      return queue.send(id, delaySeconds);
    },
    sendMany: (ids) => {
      ids.forEach(judgeSending);
      return queue.sendMany(ids);
    },
    delete: (message) => {
      judgeDeletion(message.messageId, message.body);
      return queue.delete(message);
    },
    receive: async (options) => {
      const messages = await queue.receive(options);
      for (const { body } of messages) {
        const parsed = parseTaskMessage(body);
        const row = parsed.kind === 'task' ? world.rowOf(parsed.taskId) : undefined;
        if (row?.status === 'running') world.faults.met('F35', 'SQS');
      }
      return messages;
    },
  };
};

/** What a caller is told of its backlog, late or not, is what it may ask machines for (N3). */
export const rememberBacklog = (
  { acting, fleet }: Pick<QueueAuditWorld, 'acting' | 'fleet'>,
  queue: WorkQueue,
): WorkQueue => ({
  ...queue,
  backlog: async () => {
    const { by } = acting;
    const answer = await queue.backlog();
    by?.memo.backlogs.set(fleet, answer);
    return answer;
  },
});
