/**
 * AWS::SQS::Queue and AWS::SQS::QueuePolicy.
 *
 * What it does not model: tags, KMS keys and redrive permissions are accepted and have no effect.
 */
import { generatedName } from '../cloudformation/physical-name.ts';
import { readPolicyDocument } from '../iam/validate-policy.ts';
import { AwsError, type ProvisionedResource, type ResourceInput, type ResourceProvider } from '../service.ts';
import { queueArn, queueNameOf } from './queue-registry.ts';
import { createQueue, type SqsParts } from './sqs-service.ts';

const PLAIN_ATTRIBUTES = [
  'VisibilityTimeout',
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'FifoQueue',
  'ContentBasedDeduplication',
  'SqsManagedSseEnabled',
];

const attributesOf = (properties: Readonly<Record<string, unknown>>): Record<string, string> => {
  const attributes = PLAIN_ATTRIBUTES.filter((name) => name in properties).map((name) => [
    name,
    String(properties[name]),
  ]);
  const redrive = properties['RedrivePolicy'] as { maxReceiveCount?: unknown } | undefined;
  return {
    ...Object.fromEntries(attributes),
    ...(redrive !== undefined && {
      RedrivePolicy: JSON.stringify({ ...redrive, maxReceiveCount: Number(redrive.maxReceiveCount) }),
    }),
  };
};

export const queueProvider = (parts: SqsParts, random: () => number): ResourceProvider => {
  const provisioned = (name: string, properties: Readonly<Record<string, unknown>>): ProvisionedResource => ({
    physicalId: parts.queueUrl(name),
    ref: parts.queueUrl(name),
    attributes: { Arn: queueArn(name), QueueName: name, QueueUrl: parts.queueUrl(name) },
    properties,
  });
  const create = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const name = String(input.properties['QueueName'] ?? generatedName(input, random));
    if (parts.queues.find(name) !== undefined) {
      throw new AwsError(
        400,
        'QueueAlreadyExists',
        `Queue ${name} already exists; another stack or a retained queue has that name.`,
      );
    }
    await createQueue(parts, name, attributesOf(input.properties));
    return provisioned(name, input.properties);
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    parts.queues.remove(queueNameOf(existing.physicalId));
    await parts.embedded.call('DeleteQueue', { QueueUrl: existing.physicalId });
  };
  return {
    type: 'AWS::SQS::Queue',
    create,
    update: async (input, existing) => {
      const name = queueNameOf(existing.physicalId);
      if ((input.properties['QueueName'] ?? name) !== name) {
        await remove(existing);
        return create(input);
      }
      const attributes = attributesOf(input.properties);
      await parts.embedded.call('SetQueueAttributes', {
        QueueUrl: existing.physicalId,
        Attributes: { RedrivePolicy: '', ...attributes },
      });
      const policy = parts.queues.get(name).policy;
      parts.queues.put({ name, attributes, ...(policy !== undefined && { policy }) });
      return provisioned(name, input.properties);
    },
    delete: remove,
  };
};

const queuesOf = (properties: Readonly<Record<string, unknown>>): readonly string[] =>
  [properties['Queues']].flat().map((queue) => queueNameOf(String(queue)));

export const queuePolicyProvider = (parts: SqsParts): ResourceProvider => {
  const apply = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const policy = readPolicyDocument(input.properties['PolicyDocument'], `${input.logicalId} (AWS::SQS::QueuePolicy)`);
    for (const name of queuesOf(input.properties)) parts.queues.setPolicy(name, policy);
    return {
      physicalId: input.logicalId,
      ref: input.logicalId,
      attributes: { Id: input.logicalId },
      properties: input.properties,
    };
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    for (const name of queuesOf(existing.properties)) {
      if (parts.queues.find(name) !== undefined) parts.queues.setPolicy(name, undefined);
    }
  };
  return {
    type: 'AWS::SQS::QueuePolicy',
    create: apply,
    update: async (input, existing) => {
      await remove(existing);
      return apply(input);
    },
    delete: remove,
  };
};
