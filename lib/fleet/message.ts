import { type FleetName, isTaskId, type TaskId } from './ids.ts';

/** The form of the messages we send; a message of another form was written by a version this one does not know. */
export const MESSAGE_FORM = 1;

/**
 * What a message on a work queue turns out to be.
 *
 * - `task`: ours; it carries nothing but the id of a row in the ledger.
 * - `foreign`: sent by a producer that knows nothing of us; its whole body is the task.
 * - `unknown-form`: ours, but not as this version writes it. Left alone and counted.
 */
export type TaskMessage =
  | { readonly kind: 'task'; readonly taskId: TaskId }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown-form' };

/** The body of every message that submit, release and the sweep send. */
export const encodeTaskMessage = (taskId: TaskId): string => JSON.stringify({ spothop: MESSAGE_FORM, taskId });

/** `undefined` when the text is not JSON: plain text is a body like any other. */
const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** Never throws, whatever the body: anybody who may send to the queue wrote it. */
export const parseTaskMessage = (body: string): TaskMessage => {
  const value = jsonOf(body);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'spothop')) return { kind: 'foreign' };
  const { spothop, taskId } = value as { readonly spothop: unknown; readonly taskId?: unknown };
  return spothop === MESSAGE_FORM && isTaskId(taskId) ? { kind: 'task', taskId } : { kind: 'unknown-form' };
};

/** A wake names a fleet and carries nothing else: whoever is woken reads everything anew. */
export const encodeWake = (fleet: FleetName): string => JSON.stringify({ wake: fleet });

export const parseWake = (body: string): FleetName | undefined => {
  const value = jsonOf(body);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'wake')) return undefined;
  const { wake } = value as { readonly wake: unknown };
  return typeof wake === 'string' ? (wake as FleetName) : undefined;
};
