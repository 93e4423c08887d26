import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { notifications } from '../../../lib/local/notifications/notifications-service.ts';
import {
  call,
  provision,
  queueArn,
  requestOf,
  type TestContextOptions,
  testContext,
} from '../support/local-context.ts';

const queue = queueArn('alarms');
const alarm = {
  principal: 'cloudwatch.amazonaws.com',
  sourceArn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:dead',
};

const open = async (options: TestContextOptions = {}) => {
  const context = testContext({ queueArns: [queue], ...options });
  const part = notifications(context);
  const { ref: topicArn } = await provision(part.providers, 'AWS::SNS::Topic', 'Alarms', { TopicName: 'alarms' });
  const subscribe = (Protocol: string, Endpoint: string, extra = {}) =>
    provision(part.providers, 'AWS::SNS::Subscription', `To${Protocol}`, {
      TopicArn: topicArn,
      Protocol,
      Endpoint,
      ...extra,
    });
  const publish = (form: Record<string, string>) =>
    call(part.services[0], {
      body: new URLSearchParams({ Action: 'Publish', TopicArn: topicArn, ...form }).toString(),
    });
  return { context, part, topicArn, subscribe, publish };
};

describe('a message published to a topic', () => {
  it('is mailed to a subscribed address, into the outbox', async () => {
    const { context, subscribe, publish } = await open();
    await subscribe('email', 'team@example.org');
    const answer = await publish({ Subject: 'ALARM: dead tasks', Message: 'Three tasks are dead.' });
    expect(answer.body.toString()).toMatch(/<PublishResult><MessageId>[0-9a-f-]{36}<\/MessageId><\/PublishResult>/);
    const outbox = join(context.stateFolder, 'outbox');
    expect(readdirSync(outbox)).toEqual(['1-alarm-dead-tasks.eml']);
    const message = readFileSync(join(outbox, '1-alarm-dead-tasks.eml'), 'utf8');
    expect(message).toContain('To: team@example.org');
    expect(message).toContain('Three tasks are dead.');
  });

  it('is sent to a subscribed queue in an envelope, or bare where asked', async () => {
    const { context, subscribe, publish, topicArn } = await open();
    await subscribe('sqs', queue);
    await subscribe('sqs', queue, { RawMessageDelivery: true });
    await publish({ Message: 'hello' });
    const [wrapped, bare] = context.queues.sent(queue);
    expect(JSON.parse(wrapped?.body ?? '')).toMatchObject({
      Type: 'Notification',
      TopicArn: topicArn,
      Message: 'hello',
    });
    expect(bare?.body).toBe('hello');
    expect(wrapped?.options.sender).toEqual({ principal: 'sns.amazonaws.com', sourceArn: topicArn });
  });

  it('is counted where a queue refuses it', async () => {
    const { context, subscribe, publish } = await open({ isAllowed: () => false });
    await subscribe('sqs', queue);
    await publish({ Message: 'hello' });
    expect(context.recorded).toContainEqual(expect.objectContaining({ kind: 'undelivered', target: queue }));
  });

  it('needs sns:Publish on the topic, under the topic’s policy', async () => {
    const { part, topicArn } = await open();
    const PolicyDocument = {
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: topicArn }],
    };
    await provision(part.providers, 'AWS::SNS::TopicPolicy', 'Policy', { Topics: [topicArn], PolicyDocument });
    const body = new URLSearchParams({ Action: 'Publish', TopicArn: topicArn, Message: 'm' }).toString();
    expect(part.services[0]?.understand(requestOf({ body })).checks).toEqual([
      { action: 'sns:Publish', resource: topicArn, context: {}, resourcePolicy: PolicyDocument },
    ]);
  });

  it('to a topic that is not there is refused', async () => {
    const { publish } = await open();
    await expect(publish({ TopicArn: 'arn:aws:sns:us-east-1:000000000000:none', Message: 'm' })).rejects.toThrow(
      /Topic does not exist/,
    );
  });
});

describe('an alarm', () => {
  it('publishes where the topic has no policy of its own', async () => {
    const { context, part, topicArn, subscribe } = await open({
      isAllowed: (caller) => caller.kind === 'service' && caller.principal === 'sns.amazonaws.com',
    });
    await subscribe('sqs', queue);
    await part.publish(topicArn, 'm', 's', alarm);
    expect(context.queues.sent(queue)).toHaveLength(1);
  });

  it('is refused by a topic policy that does not name it', async () => {
    const { part, topicArn } = await open({ isAllowed: () => false });
    await provision(part.providers, 'AWS::SNS::TopicPolicy', 'Policy', {
      Topics: [topicArn],
      PolicyDocument: { Statement: [] },
    });
    await expect(part.publish(topicArn, 'm', 's', alarm)).rejects.toThrow(/may not publish/);
  });
});
