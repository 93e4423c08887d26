/**
 * The message a rule's or schedule's dead-letter queue gets for an event that could not be delivered.
 * Source: EventBridge guide, "Using dead-letter queues to process undelivered events".
 *
 * Not modelled: error codes other than the two below.
 */
import { AwsError, type LocalContext, type QueueMessageAttribute, type QueueSender } from '../service.ts';

export interface Undelivered {
  /** `RULE_ARN` for a rule, `SCHEDULE_ARN` for a schedule. */
  readonly originName: 'RULE_ARN' | 'SCHEDULE_ARN';
  readonly originArn: string;
  readonly targetArn: string;
  /** A rule comes as a service, so the queue's own policy is asked; a schedule acts by its role alone. */
  readonly sender: QueueSender | undefined;
  readonly body: string;
  readonly deadLetter: DeadLetterQueue | undefined;
}

export interface DeadLetterQueue {
  readonly arn: string;
  /** Throws AwsError when the origin's role may not send there. */
  readonly demandPermission: () => void;
}

const NO_SUCH = new Set(['AWS.SimpleQueueService.NonExistentQueue', 'ResourceNotFoundException']);

/** EventBridge does not try again what cannot get better by itself: a missing permission, a missing target. */
export const errorCodeOf = (error: unknown): 'NO_RESOURCE' | 'NO_PERMISSIONS' =>
  error instanceof AwsError && NO_SUCH.has(error.code) ? 'NO_RESOURCE' : 'NO_PERMISSIONS';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const attributesOf = (undelivered: Undelivered, error: unknown): Readonly<Record<string, QueueMessageAttribute>> => {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  return {
    [undelivered.originName]: text(undelivered.originArn),
    TARGET_ARN: text(undelivered.targetArn),
    ERROR_CODE: text(errorCodeOf(error)),
    ERROR_MESSAGE: text(messageOf(error)),
  };
};

/** Counts the failure in the record and keeps the event in the dead-letter queue, where there is one that takes it. */
export const giveUp = async (context: LocalContext, undelivered: Undelivered, error: unknown): Promise<void> => {
  const { originArn, targetArn, deadLetter, sender } = undelivered;
  const line = { kind: 'undelivered', origin: originArn, target: targetArn, reason: messageOf(error) };
  if (deadLetter === undefined) return context.recorder.write({ ...line, outcome: 'dropped' });
  try {
    deadLetter.demandPermission();
    const messageAttributes = attributesOf(undelivered, error);
    await context.queues.send(deadLetter.arn, undelivered.body, { messageAttributes, ...(sender && { sender }) });
    context.recorder.write({ ...line, outcome: 'dead-lettered' });
  } catch (refusal) {
    context.recorder.write({ ...line, outcome: 'dropped', deadLetterRefusal: messageOf(refusal) });
  }
};
