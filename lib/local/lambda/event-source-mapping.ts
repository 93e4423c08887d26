/**
 * Moves messages from a queue into a function, as an SQS event source mapping does, with the function's own role.
 * Source: Lambda guide, "Using Lambda with Amazon SQS" (configure, scaling, error handling).
 *
 * Not modelled: FIFO queues, provisioned pollers, the slow growth from 5 pollers upwards, pulling more than the function can
 * take (reserved concurrency here holds the poller back, where AWS would throttle), and the check of visibility against timeout.
 */
import { addMs, msUntil, secondsToMs } from '../../fleet/time.ts';
import { compilePattern } from '../events/event-pattern.ts';
import { roleAllows } from '../permissions.ts';
import type { LocalContext, QueueMessage } from '../service.ts';
import { failedMessageIds } from './batch-response.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import type { Functions } from './functions.ts';
import { filterable, sqsEvent } from './sqs-event.ts';

export interface MappingSettings {
  readonly id: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly reportsFailures: boolean;
  /** ScalingConfig.MaximumConcurrency. */
  readonly concurrencyMax: number | undefined;
  /** Patterns of FilterCriteria: a message that matches none is deleted unseen. */
  readonly filters: readonly unknown[];
}

/** SQS hands out ten messages at most. */
const RECEIVE_MAX = 10;
/** One long poll, in the template's seconds. */
const POLL_SECONDS = 20;
/** Pause after a refusal or a missing queue: long enough not to fill the record, short enough to recover by itself. */
const TROUBLE_PAUSE_MS = 10_000;
/** Lambda starts with five pollers. */
const CONCURRENCY_DEFAULT = 5;

/** What the mapping does to the queue, in the words of AWS's refusal. */
export const MAPPING_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'] as const;

/** The first of these actions that the function's role lacks, if any. */
export const lackingAction = (
  context: LocalContext,
  { name, roleArn }: FunctionConfiguration,
  queueArn: string,
): string | undefined =>
  MAPPING_ACTIONS.find((action) => !roleAllows(context, roleArn, name, `sqs:${action}`, queueArn));

/** The outcome of the work, or undefined as soon as the signal aborts. */
const unlessAborted = async <Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> => {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const end = () => resolve(undefined);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', end));
};

/** Runs until `signal` aborts; the batches then in flight are left to their visibility. */
export const runMapping = async (
  context: LocalContext,
  functions: Functions,
  settings: MappingSettings,
  signal: AbortSignal,
): Promise<void> => {
  const { queueArn, functionName } = settings;
  const trigger = `sqs:${queueArn}`;
  const tests = settings.filters.map(compilePattern);
  const inFlight = new Set<Promise<void>>();

  const trouble = async (reason: string): Promise<void> => {
    functions.print(functionName, `The mapping of ${queueArn} waits: ${reason}\n`);
    context.recorder.write({
      kind: 'event-source-mapping',
      function: functionName,
      queue: queueArn,
      outcome: 'waiting',
      reason,
    });
    await context.clock.sleep(TROUBLE_PAUSE_MS, signal);
  };

  const concurrencyMax = (): number =>
    Math.max(
      1,
      Math.min(settings.concurrencyMax ?? CONCURRENCY_DEFAULT, functions.get(functionName).pool.environmentsMax),
    );

  const putBack = async (messages: readonly QueueMessage[]): Promise<void> => {
    const { queues } = context;
    await Promise.all(messages.map(({ receiptHandle }) => queues.changeVisibility(queueArn, receiptHandle, 0)));
  };

  /** A poll that is under way when the mapping ends gives back what it still receives. */
  const poll = async (max: number, waitSeconds: number): Promise<readonly QueueMessage[]> => {
    const received = context.queues.receive(queueArn, Math.min(RECEIVE_MAX, max), undefined, waitSeconds);
    const messages = await unlessAborted(received, signal);
    if (messages === undefined) received.then(putBack).catch(() => undefined);
    return messages ?? [];
  };

  const receive = async (max: number, waitSeconds: number): Promise<readonly QueueMessage[]> => {
    const messages = await poll(max, waitSeconds);
    if (tests.length === 0) return messages;
    const wanted = messages.filter((message) => tests.some((test) => test(filterable(message))));
    const unwanted = messages.filter((message) => !wanted.includes(message));
    await Promise.all(unwanted.map((message) => context.queues.delete(queueArn, message.receiptHandle)));
    return wanted;
  };

  /** A first message opens the window; it closes when the batch is full or the time is over. */
  const gather = async (): Promise<readonly QueueMessage[]> => {
    const batch = [...(await receive(settings.batchSize, POLL_SECONDS))];
    const closesAt = addMs(context.clock.now(), secondsToMs(settings.batchingWindowSeconds));
    while (batch.length > 0 && batch.length < settings.batchSize && !signal.aborted) {
      const leftSeconds = msUntil(closesAt, context.clock.now()) / 1_000;
      const more = await receive(settings.batchSize - batch.length, Math.min(POLL_SECONDS, leftSeconds));
      batch.push(...more);
      if (more.length === 0 && leftSeconds <= POLL_SECONDS) break;
    }
    return batch;
  };

  const process = async (batch: readonly QueueMessage[]): Promise<void> => {
    const result = await functions.invoke(functionName, sqsEvent(queueArn, batch), trigger);
    const ids = batch.map((message) => message.messageId);
    const failed = failedMessageIds(ids, result, settings.reportsFailures);
    const done = batch.filter((message) => !failed.has(message.messageId));
    await Promise.all(done.map((message) => context.queues.delete(queueArn, message.receiptHandle)));
  };

  const dispatch = (batch: readonly QueueMessage[]): void => {
    const running = process(batch)
      .catch((thrown: unknown) => (signal.aborted ? undefined : trouble(String(thrown))))
      .finally(() => inFlight.delete(running));
    inFlight.add(running);
  };

  const step = async (): Promise<void> => {
    const lacking = lackingAction(context, functions.get(functionName).configuration, queueArn);
    if (lacking !== undefined) return trouble(`the function's role does not allow sqs:${lacking}`);
    while (inFlight.size >= concurrencyMax()) await Promise.race(inFlight);
    if (signal.aborted) return;
    const batch = await gather();
    if (signal.aborted) return putBack(batch);
    if (batch.length > 0) dispatch(batch);
  };

  while (!signal.aborted)
    await step().catch((thrown: unknown) => (signal.aborted ? undefined : trouble(String(thrown))));
  await Promise.all(inFlight);
};
