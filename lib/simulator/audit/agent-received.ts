import type { TaskId } from '../../fleet/ids.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { taskOf } from './agent-messages.ts';

/** A message is renewed after 30 s where its task runs, and given back within seconds where it does not. */
const DEALT_WITH_MS = 50_000;

interface Received {
  readonly id: TaskId;
  readonly at: EpochMs;
  readonly failures: number;
}

export type ReceivedWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'rowOf'>;

/**
 * What a process of an agent has received it deals with: its message is hidden for longer, shown again, or deleted. One that
 * is left as it came hides a task that somebody could take (W4).
 */
export const watchReceived = ({ now, judge, instanceId, rowOf }: ReceivedWorld) => {
  const byHandle = new Map<string, Received>();
  return {
    received: (messages: readonly ReceivedMessage[], failures: number): void => {
      for (const { body, receiptHandle } of messages) {
        const id = taskOf(body);
        if (id !== undefined) byHandle.set(receiptHandle, { id, at: now(), failures });
      }
    },
    dealtWith: ({ receiptHandle }: ReceivedMessage): void => void byHandle.delete(receiptHandle),
    /** Tasks that came so long ago that they should have been dealt with at once, where the process ends. */
    left: (failures: number): readonly TaskId[] =>
      [...byHandle.values()]
        .filter(({ id, failures: before }) => before === failures && rowOf(id)?.status === 'ready')
        .map(({ id }) => id),
    /** With each heartbeat: calls that have failed so far. */
    look: (failures: number): void => {
      for (const [handle, { id, at, failures: before }] of byHandle) {
        if (now() - at < DEALT_WITH_MS) continue;
        byHandle.delete(handle);
        const isReady = rowOf(id)?.status === 'ready';
        if (isReady && before === failures)
          judge.say('W4', `${id} came to ${instanceId}, and was neither taken nor given back`);
      }
    },
  };
};
