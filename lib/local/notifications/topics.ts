/**
 * Topics and who is subscribed to them.
 *
 * Not modelled: confirmation of subscriptions, FIFO topics, filter policies, delivery retries, protocols other than email and SQS.
 */
import { randomUUID } from 'node:crypto';
import { arnOf } from '../arns.ts';
import { composeMail } from '../mail/compose.ts';
import { storeMail } from '../mail/outbox.ts';
import { AwsError, type LocalContext, type PolicyDocument } from '../service.ts';

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly rawDelivery: boolean;
}

export interface Topics {
  create(name: string): string;
  remove(topicArn: string): void;
  /** Throws NotFound. */
  demand(topicArn: string): void;
  all(): readonly string[];
  subscribe(topicArn: string, protocol: string, endpoint: string, rawDelivery: boolean): Subscription;
  unsubscribe(subscriptionArn: string): void;
  setPolicy(topicArn: string, policy: PolicyDocument | undefined): void;
  policyOf(topicArn: string): PolicyDocument | undefined;
  /** Hands the message to every subscription; answers its id. */
  publish(topicArn: string, message: string, subject: string | undefined): Promise<string>;
}

export const SNS_PRINCIPAL = 'sns.amazonaws.com';
const SENDER = 'AWS Notifications <no-reply@sns.amazonaws.com>';
const PROTOCOLS = new Set(['email', 'email-json', 'sqs']);

export const createTopics = (context: LocalContext): Topics => {
  const topics = new Set<string>();
  const policies = new Map<string, PolicyDocument>();
  const subscriptions = new Map<string, Subscription>();

  const demand = (topicArn: string): void => {
    if (!topics.has(topicArn)) throw new AwsError(404, 'NotFound', `Topic does not exist: ${topicArn}`);
  };

  const sendMail = async ({ endpoint }: Subscription, message: string, subject: string): Promise<void> => {
    const date = new Date(context.clock.now());
    await storeMail(
      context.stateFolder,
      await composeMail({ from: SENDER, to: [endpoint], subject, text: message, date }),
    );
  };

  const envelope = (topicArn: string, messageId: string, message: string, subject: string | undefined): string =>
    JSON.stringify({
      Type: 'Notification',
      MessageId: messageId,
      TopicArn: topicArn,
      Subject: subject,
      Message: message,
      Timestamp: new Date(context.clock.now()).toISOString(),
    });

  const hand = async (
    subscription: Subscription,
    messageId: string,
    message: string,
    subject: string | undefined,
  ): Promise<void> => {
    const { topicArn, protocol, endpoint, rawDelivery } = subscription;
    if (protocol !== 'sqs') return sendMail(subscription, message, subject ?? 'AWS Notification Message');
    const body = rawDelivery ? message : envelope(topicArn, messageId, message, subject);
    await context.queues.send(endpoint, body, { sender: { principal: SNS_PRINCIPAL, sourceArn: topicArn } });
  };

  const tryToHand = async (
    subscription: Subscription,
    messageId: string,
    message: string,
    subject: string | undefined,
  ): Promise<void> => {
    try {
      await hand(subscription, messageId, message, subject);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { topicArn, endpoint } = subscription;
      context.recorder.write({ kind: 'undelivered', origin: topicArn, target: endpoint, reason, outcome: 'dropped' });
    }
  };

  return {
    demand,
    all: () => [...topics],
    create: (name) => {
      const topicArn = arnOf('sns', name);
      topics.add(topicArn);
      return topicArn;
    },
    remove: (topicArn) => {
      topics.delete(topicArn);
      policies.delete(topicArn);
      for (const { arn, topicArn: of } of subscriptions.values()) if (of === topicArn) subscriptions.delete(arn);
    },
    subscribe: (topicArn, protocol, endpoint, rawDelivery) => {
      demand(topicArn);
      if (!PROTOCOLS.has(protocol)) {
        throw new AwsError(400, 'InvalidParameter', `The local cloud delivers to email and sqs, not to ${protocol}.`);
      }
      const subscription = { arn: `${topicArn}:${randomUUID()}`, topicArn, protocol, endpoint, rawDelivery };
      subscriptions.set(subscription.arn, subscription);
      return subscription;
    },
    unsubscribe: (arn) => void subscriptions.delete(arn),
    setPolicy: (topicArn, policy) =>
      void (policy === undefined ? policies.delete(topicArn) : policies.set(topicArn, policy)),
    policyOf: (topicArn) => policies.get(topicArn),
    publish: async (topicArn, message, subject) => {
      demand(topicArn);
      const messageId = randomUUID();
      const receivers = [...subscriptions.values()].filter((subscription) => subscription.topicArn === topicArn);
      context.recorder.write({
        kind: 'notification',
        topic: topicArn,
        messageId,
        subject: subject ?? null,
        receivers: receivers.length,
      });
      // One after the other: the outbox numbers its files by what is already there.
      for (const receiver of receivers) await tryToHand(receiver, messageId, message, subject);
      return messageId;
    },
  };
};
