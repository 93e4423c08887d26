/**
 * Which messages of a batch a function's answer leaves in the queue.
 * Source: Lambda guide, "Handling errors for an SQS event source" (reporting batch item failures).
 *
 * Not modelled: FIFO queues, where everything behind the first failure fails too.
 */
import type { InvocationResult } from './functions.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parse = (payload: string): { readonly json: unknown } | undefined => {
  try {
    return { json: JSON.parse(payload) };
  } catch {
    return undefined;
  }
};

/** The ids the answer reports; `undefined` when it is not a valid report, which fails the whole batch. */
const reportedIds = (response: unknown): readonly string[] | undefined => {
  if (response === null || response === undefined) return [];
  if (!isObject(response)) return undefined;
  const failures = response['batchItemFailures'];
  if (failures === null || failures === undefined) return [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((failure: unknown) => (isObject(failure) ? failure['itemIdentifier'] : undefined));
  return ids.every((id) => typeof id === 'string' && id !== '') ? (ids as string[]) : undefined;
};

/**
 * The ids that stay in the queue. Without `reportsFailures` only the function's error counts.
 * An id that is not in the batch fails the whole batch: nothing is deleted that the function may have meant to keep.
 */
export const failedMessageIds = (
  batchIds: readonly string[],
  result: Pick<InvocationResult, 'functionError' | 'payload'>,
  reportsFailures: boolean,
): ReadonlySet<string> => {
  if (result.functionError !== undefined) return new Set(batchIds);
  if (!reportsFailures) return new Set();
  const answer = parse(result.payload);
  const reported = answer === undefined ? undefined : reportedIds(answer.json);
  const valid = reported?.every((id) => batchIds.includes(id)) ?? false;
  return new Set(valid ? reported : batchIds);
};
