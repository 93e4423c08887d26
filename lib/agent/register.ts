import { isTaskId, type TaskId, taskId } from '../fleet/ids.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { resendAt } from '../fleet/task-protocol.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { packContent } from '../workflows/content.ts';
import { withRetries } from './retry.ts';
import type { AgentSettings, AgentShared } from './world.ts';

const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const idInBody = (body: string, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => fieldOf(value, name), jsonOf(body));

const asTaskId = (value: unknown): TaskId | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return isTaskId(text) ? text : undefined;
};

/**
 * The id under which a foreign message becomes a task: from the body or the attribute that the fleet file names, so
 * that a producer's own repetition is recognised; the message's own id as the last resort.
 */
export const idOfForeignMessage = (
  message: ReceivedMessage,
  { taskIdPath, taskIdAttribute }: Pick<AgentSettings, 'taskIdPath' | 'taskIdAttribute'>,
): TaskId =>
  (taskIdPath === undefined ? undefined : asTaskId(idInBody(message.body, taskIdPath))) ??
  (taskIdAttribute === undefined ? undefined : asTaskId(message.attributes[taskIdAttribute])) ??
  taskId(message.messageId);

const newRow = async (shared: AgentShared, id: TaskId, message: ReceivedMessage): Promise<TaskRecord> => {
  const { clock, blobs } = shared.ports;
  const body = await withRetries(clock, () => packContent(blobs, message.body));
  const now = clock.now();
  return {
    form: 1,
    taskId: id,
    fleet: shared.settings.fleet,
    status: 'ready',
    attempt: 0,
    failures: 0,
    reclaims: 0,
    body,
    submittedAt: now,
    checkAt: resendAt(now),
  };
};

/**
 * Writes the row of a task whose producer knows nothing of us; a row that is there with the same body is the same task.
 * `undefined` when the id belongs to another body: neither is touched.
 */
export const registerForeign = async (
  shared: AgentShared,
  message: ReceivedMessage,
): Promise<TaskRecord | undefined> => {
  const id = idOfForeignMessage(message, shared.settings);
  const row = await newRow(shared, id, message);
  const outcome = await withRetries(shared.ports.clock, () => shared.ports.tasks.apply(id, { step: 'submit', row }));
  return outcome.outcome === 'refused' ? undefined : outcome.row;
};
