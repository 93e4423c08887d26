import { idInBody } from '../fleet/id-in-body.ts';
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

const idFromBody = (body: string, path: string): TaskId | undefined => {
  const found = idInBody(jsonOf(body), path);
  return found.ok ? found.taskId : undefined;
};

const idFromAttribute = (value: string | undefined): TaskId | undefined => (isTaskId(value) ? value : undefined);

/**
 * The id under which a foreign message becomes a task: from the body or the attribute that the fleet file names, so
 * that a producer's own repetition is recognised; the message's own id as the last resort.
 */
const idOfForeignMessage = (
  message: ReceivedMessage,
  { taskIdPath, taskIdAttribute }: Pick<AgentSettings, 'taskIdPath' | 'taskIdAttribute'>,
): TaskId =>
  (taskIdPath === undefined ? undefined : idFromBody(message.body, taskIdPath)) ??
  (taskIdAttribute === undefined ? undefined : idFromAttribute(message.attributes[taskIdAttribute])) ??
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
