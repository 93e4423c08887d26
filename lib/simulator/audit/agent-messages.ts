import type { TaskId } from '../../fleet/ids.ts';
import { parseTaskMessage } from '../../fleet/message.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';

export type AgentMessagesWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'rowOf'> & {
  /** When a heartbeat was first answered with an item that drains, or it went on after that. */
  readonly heardOfDrainAt: () => EpochMs | undefined;
};

/** What has become of a row that one process of an agent has given back, and of the message that its task came by. */
export interface AgentMessages {
  /** The row is ready again, by this process; calls that had failed by then. */
  givenBack(row: TaskRecord, failures: number): void;
  /** A message of the task was sent. */
  sent(id: TaskId): void;
  /** The message is shown after so long; `answer` is the call. */
  changed(message: ReceivedMessage, seconds: number, answer: Promise<void>): void;
  /** With each heartbeat: calls that have failed so far. */
  look(failures: number): void;
}

/** The message goes back right after the row, as long as nothing fails. */
const SHOWN_WITHIN_MS = 30_000;

/** What its agent was about when it heard of the drain. */
const HEARD_OF_MS = 5_000;

interface GivenBack {
  readonly attempt: number;
  readonly at: EpochMs;
  readonly failures: number;
}

/** These producers name their tasks in the body. */
export const taskOf = (body: string): TaskId | undefined => {
  const parsed = parseTaskMessage(body);
  if (parsed.kind === 'task') return parsed.taskId;
  return parsed.kind === 'foreign' ? ((JSON.parse(body) as { readonly name?: TaskId }).name ?? undefined) : undefined;
};

export const watchMessages = ({ now, judge, rowOf, heardOfDrainAt }: AgentMessagesWorld): AgentMessages => {
  const waiting = new Map<TaskId, GivenBack>();
  /** Messages that were put back: hiding one of them again hides a task that somebody could take (F36). */
  const returned = new Set<string>();

  const hasHeardOfDrain = (): boolean => {
    const at = heardOfDrainAt();
    return at !== undefined && now() - at > HEARD_OF_MS;
  };

  return {
    givenBack: ({ taskId, attempt }, failures) => void waiting.set(taskId, { attempt, at: now(), failures }),
    sent: (id) => void waiting.delete(id),
    changed: (message, seconds, answer) => {
      const { receiptHandle, body } = message;
      if (returned.has(receiptHandle)) judge.say('W4', `${body} was put back, and is hidden again for ${seconds} s`);
      const id = taskOf(body);
      const back = id === undefined ? undefined : waiting.get(id);
      if (id === undefined || back === undefined) return;
      const wasFailure = (rowOf(id)?.failures ?? 0) > 0;
      if (seconds > 0 && !wasFailure && hasHeardOfDrain())
        judge.say('W4', `${id} is handed back by a machine that drains, and hidden for ${seconds} s`);
      const settle = (): void => {
        waiting.delete(id);
        returned.add(receiptHandle);
      };
      void answer.then(settle, () => undefined);
    },
    look: (failures) => {
      for (const [id, back] of waiting) {
        if (now() - back.at < SHOWN_WITHIN_MS) continue;
        waiting.delete(id);
        const row = rowOf(id);
        const isStill = row?.status === 'ready' && row.attempt === back.attempt;
        if (isStill && back.failures === failures) judge.say('W1', `${id} was given back, and no message tells of it`);
      }
    },
  };
};
