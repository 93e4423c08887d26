/**
 * SNS: publishing to topics, into the outbox folder and queues.
 *
 * Not modelled: message structures per protocol, message attributes, SMS, platform applications.
 */
import { queryAnswer, queryError } from '../http/answers.ts';
import { parseAwsQuery, type QueryObject, queryString } from '../http/aws-query.ts';
import { unknownOperation } from '../http/json-call.ts';
import type { XmlValue } from '../http/xml.ts';
import {
  type AuthorisationCheck,
  AwsError,
  type LocalContext,
  type LocalPart,
  type LocalService,
  type QueueSender,
} from '../service.ts';
import { anyTopicArn, topicProviders } from './topic-providers.ts';
import { createTopics, type Topics } from './topics.ts';

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

export interface Notifications extends LocalPart {
  /**
   * Publishes for an AWS service, e.g. an alarm. Throws AwsError `AuthorizationError` unless the topic's policy allows the
   * sender, or the topic has none and the sender is of this account, as with SNS's own default policy.
   */
  publish(topicArn: string, message: string, subject: string | undefined, sender: QueueSender): Promise<string>;
}

interface Operation {
  check(topics: Topics, form: QueryObject): AuthorisationCheck;
  answer(topics: Topics, form: QueryObject): Promise<Readonly<Record<string, XmlValue>>>;
}

const required = (form: QueryObject, name: string): string => {
  const value = queryString(form, name);
  if (value === undefined) throw new AwsError(400, 'InvalidParameter', `Invalid parameter: ${name}`);
  return value;
};

const topicCheck = (topics: Topics, action: string, topicArn: string): AuthorisationCheck => {
  const resourcePolicy = topics.policyOf(topicArn);
  return { action, resource: topicArn, context: {}, ...(resourcePolicy && { resourcePolicy }) };
};

const operations: Readonly<Record<string, Operation>> = {
  Publish: {
    check: (topics, form) => topicCheck(topics, 'sns:Publish', required(form, 'TopicArn')),
    answer: async (topics, form) => ({
      MessageId: await topics.publish(
        required(form, 'TopicArn'),
        required(form, 'Message'),
        queryString(form, 'Subject'),
      ),
    }),
  },
  ListTopics: {
    check: () => ({ action: 'sns:ListTopics', resource: anyTopicArn, context: {} }),
    answer: async (topics) => ({ Topics: topics.all().map((TopicArn) => ({ TopicArn })) }),
  },
};

const operationOf = (form: QueryObject): readonly [string, Operation] => {
  const name = queryString(form, 'Action') ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) throw unknownOperation('SNS', name);
  return [name, operation];
};

const snsApi = (topics: Topics): LocalService => ({
  signingNames: ['sns'],
  understand: (request) => {
    const form = parseAwsQuery(request.body);
    const [action, operation] = operationOf(form);
    const parameters = { topic: queryString(form, 'TopicArn') ?? null, subject: queryString(form, 'Subject') ?? null };
    return { action, checks: [operation.check(topics, form)], parameters };
  },
  handle: async (request) => {
    const form = parseAwsQuery(request.body);
    const [action, operation] = operationOf(form);
    return queryAnswer(action, NAMESPACE, await operation.answer(topics, form));
  },
  error: queryError,
});

export const notifications = (context: LocalContext): Notifications => {
  const topics = createTopics(context);

  const demandPermission = (topicArn: string, sender: QueueSender): void => {
    const check = topicCheck(topics, 'sns:Publish', topicArn);
    if (check.resourcePolicy === undefined || context.isAllowed({ kind: 'service', ...sender }, check)) return;
    throw new AwsError(
      403,
      'AuthorizationError',
      `${sender.principal} may not publish to ${topicArn} for ${sender.sourceArn}. Allow it in the topic's policy.`,
    );
  };

  return {
    services: [snsApi(topics)],
    providers: topicProviders(topics),
    publish: async (topicArn, message, subject, sender) => {
      demandPermission(topicArn, sender);
      return topics.publish(topicArn, message, subject);
    },
  };
};
