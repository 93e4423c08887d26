/**
 * Topics, their policies and subscriptions as resources of the template.
 *
 * Not modelled: encryption, delivery policies, data protection, changing the subscriptions written inside a topic.
 */
import { arnOf, madeUpName } from '../arns.ts';
import type { PolicyDocument, ResourceInput, ResourceProvider } from '../service.ts';
import { flag, list, object, objects, optionalText, text } from '../template-values.ts';
import type { Topics } from './topics.ts';

const topicName = ({ stackName, logicalId, properties }: ResourceInput): string =>
  optionalText(properties, 'TopicName') ?? madeUpName(stackName, logicalId);

const topicProvider = (topics: Topics): ResourceProvider => ({
  type: 'AWS::SNS::Topic',
  create: async (input) => {
    const { properties } = input;
    const name = topicName(input);
    const topicArn = topics.create(name);
    for (const subscription of objects(properties, 'Subscription')) {
      topics.subscribe(topicArn, text(subscription, 'Protocol'), text(subscription, 'Endpoint'), false);
    }
    return { physicalId: topicArn, ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name }, properties };
  },
  // A topic that keeps its name keeps its subscriptions: they are resources of their own.
  update: async (input, existing) => {
    if (arnOf('sns', topicName(input)) === existing.physicalId) return { ...existing, properties: input.properties };
    topics.remove(existing.physicalId);
    return topicProvider(topics).create(input);
  },
  delete: async ({ physicalId }) => topics.remove(physicalId),
});

const policyProvider = (topics: Topics): ResourceProvider => ({
  type: 'AWS::SNS::TopicPolicy',
  create: async ({ stackName, logicalId, properties }) => {
    const policy = object(properties, 'PolicyDocument') as unknown as PolicyDocument;
    for (const topicArn of list(properties, 'Topics')) {
      topics.demand(String(topicArn));
      topics.setPolicy(String(topicArn), policy);
    }
    const id = `${stackName}-${logicalId}`;
    return { physicalId: id, ref: id, attributes: { Id: id }, properties };
  },
  delete: async ({ properties }) => {
    for (const topicArn of list(properties, 'Topics')) topics.setPolicy(String(topicArn), undefined);
  },
});

const subscriptionProvider = (topics: Topics): ResourceProvider => ({
  type: 'AWS::SNS::Subscription',
  create: async ({ properties }) => {
    const rawDelivery = flag(properties, 'RawMessageDelivery', false);
    const [topicArn, protocol] = [text(properties, 'TopicArn'), text(properties, 'Protocol')];
    const { arn } = topics.subscribe(topicArn, protocol, text(properties, 'Endpoint'), rawDelivery);
    return { physicalId: arn, ref: arn, attributes: { Arn: arn }, properties };
  },
  delete: async ({ physicalId }) => topics.unsubscribe(physicalId),
});

export const topicProviders = (topics: Topics): readonly ResourceProvider[] => [
  topicProvider(topics),
  policyProvider(topics),
  subscriptionProvider(topics),
];

export const anyTopicArn = arnOf('sns', '*');
