import { describe, expect, it } from 'vitest';
import { type EventBridge, eventBridge } from '../../../lib/local/events/event-bridge.ts';
import type { FunctionInvoker } from '../../../lib/local/lambda/functions.ts';
import {
  call,
  jsonOf,
  providerOf,
  provision,
  queueArn,
  requestOf,
  type TestContext,
  type TestContextOptions,
  testContext,
} from '../support/local-context.ts';

const signals = queueArn('signals');
const deadLetters = queueArn('signals-dlq');
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:reconcile';
const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/warnings';

const warning = {
  source: 'aws.ec2',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  resources: ['arn:aws:ec2:us-east-1a:instance/i-1'],
  detail: { 'instance-id': 'i-1', 'instance-action': 'terminate' },
};

interface Bus {
  readonly context: TestContext;
  readonly bridge: EventBridge;
  readonly invoked: { readonly functionName: string; readonly payload: string }[];
  rule(properties: Readonly<Record<string, unknown>>): Promise<unknown>;
}

const open = (options: TestContextOptions = {}, permitted = true): Bus => {
  const context = testContext({ queueArns: [signals, deadLetters], ...options });
  const invoked: { functionName: string; payload: string }[] = [];
  const functions: FunctionInvoker = {
    invoke: () => Promise.reject(new Error('rules do not wait for functions')),
    invokeLater: (functionName, payload) => void invoked.push({ functionName, payload }),
    permits: () => permitted,
  };
  const bridge = eventBridge(context, functions);
  return {
    context,
    bridge,
    invoked,
    rule: (properties) =>
      provision(bridge.providers, 'AWS::Events::Rule', 'Warnings', { Name: 'warnings', ...properties }),
  };
};

const toQueue = { Targets: [{ Id: 'q', Arn: signals, DeadLetterConfig: { Arn: deadLetters } }] };
const onEc2 = { EventPattern: { source: ['aws.ec2'], account: ['000000000000'], region: ['us-east-1'] } };

describe('an event that matches a rule', () => {
  it('reaches the queue in the form EventBridge gives it', async () => {
    const { context, bridge, rule } = open();
    await rule({ ...onEc2, ...toQueue });
    bridge.receiveEvent(warning);
    await bridge.settled();
    const [message] = context.queues.sent(signals);
    expect(JSON.parse(message?.body ?? '')).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      source: 'aws.ec2',
      account: '000000000000',
      time: '2026-11-21T08:00:00Z',
      region: 'us-east-1',
      resources: ['arn:aws:ec2:us-east-1a:instance/i-1'],
      detail: { 'instance-id': 'i-1', 'instance-action': 'terminate' },
    });
    expect(message?.options.sender).toEqual({ principal: 'events.amazonaws.com', sourceArn: ruleArn });
  });

  it('does not reach it when the pattern, the state or the life of the rule says no', async () => {
    const { context, bridge, rule } = open();
    await rule({ ...toQueue, Name: 'other', EventPattern: { source: ['aws.health'] } });
    await rule({ ...onEc2, ...toQueue, Name: 'disabled', State: 'DISABLED' });
    await rule({ ...onEc2, ...toQueue, Name: 'deleted' });
    const provider = providerOf(bridge.providers, 'AWS::Events::Rule');
    await provider.delete({ physicalId: 'deleted', ref: 'deleted', attributes: {}, properties: {} });
    bridge.receiveEvent(warning);
    await bridge.settled();
    expect(context.queues.sent(signals)).toEqual([]);
  });

  it('invokes a function asynchronously, with the target’s own input where it has one', async () => {
    const { bridge, rule, invoked } = open();
    await rule({ ...onEc2, Targets: [{ Id: 'f', Arn: functionArn, Input: '{"check":true}' }] });
    bridge.receiveEvent(warning);
    await bridge.settled();
    expect(invoked).toEqual([{ functionName: functionArn, payload: '{"check":true}' }]);
  });
});

describe('an event that cannot be delivered', () => {
  it('goes to the dead-letter queue when the queue’s policy refuses the rule, and is counted', async () => {
    const { context, bridge, rule } = open({ isAllowed: (_caller, check) => check.resource !== signals });
    await rule({ ...onEc2, ...toQueue });
    bridge.receiveEvent(warning);
    await bridge.settled();
    const [kept] = context.queues.sent(deadLetters);
    expect(JSON.parse(kept?.body ?? '')).toMatchObject({ source: 'aws.ec2' });
    expect(kept?.options.messageAttributes).toMatchObject({
      RULE_ARN: { StringValue: ruleArn },
      TARGET_ARN: { StringValue: signals },
      ERROR_CODE: { StringValue: 'NO_PERMISSIONS' },
    });
    expect(context.recorded).toContainEqual(expect.objectContaining({ kind: 'undelivered', outcome: 'dead-lettered' }));
  });

  it('names a missing queue', async () => {
    const { context, bridge, rule } = open({ queueArns: [deadLetters] });
    await rule({ ...onEc2, ...toQueue });
    bridge.receiveEvent(warning);
    await bridge.settled();
    const attributes = context.queues.sent(deadLetters)[0]?.options.messageAttributes;
    expect(attributes?.['ERROR_CODE']?.StringValue).toBe('NO_RESOURCE');
  });

  it('is dropped, and counted, when the dead-letter queue refuses it too', async () => {
    const { context, bridge, rule } = open({ isAllowed: () => false });
    await rule({ ...onEc2, ...toQueue });
    bridge.receiveEvent(warning);
    await bridge.settled();
    expect(context.queues.sent(deadLetters)).toEqual([]);
    expect(context.recorded).toContainEqual(expect.objectContaining({ kind: 'undelivered', outcome: 'dropped' }));
  });

  it('does not call a function that gave the rule no permission', async () => {
    const { bridge, rule, invoked, context } = open({}, false);
    await rule({ ...onEc2, Targets: [{ Id: 'f', Arn: functionArn }] });
    bridge.receiveEvent(warning);
    await bridge.settled();
    expect(invoked).toEqual([]);
    expect(context.recorded).toContainEqual(expect.objectContaining({ kind: 'undelivered', target: functionArn }));
  });
});

describe('a rule with a schedule', () => {
  it('calls its target each minute', async () => {
    const { context, rule, invoked } = open();
    await rule({ ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'f', Arn: functionArn }] });
    await context.clock.advance(180_000);
    expect(invoked).toHaveLength(3);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      time: '2026-11-21T08:01:00Z',
      resources: [ruleArn],
      detail: {},
    });
    context.abort();
    await context.clock.advance(180_000);
    expect(invoked).toHaveLength(3);
  });
});

describe('the deploy refuses a rule', () => {
  it.each([
    [
      'with a pattern that is not one',
      { EventPattern: { source: 'aws.ec2' }, ...toQueue },
      /Event pattern is not valid/,
    ],
    ['with neither pattern nor schedule', { ...toQueue }, /EventPattern or ScheduleExpression/],
    ['with a wrong rate', { ScheduleExpression: 'rate(1 minutes)', ...toQueue }, /rate\(1 minute\)/],
    ['on another bus', { ...onEc2, ...toQueue, EventBusName: 'mine' }, /default bus/],
    [
      'with an input transformer',
      { ...onEc2, Targets: [{ Id: 'q', Arn: signals, InputTransformer: {} }] },
      /InputTransformer/,
    ],
  ])('%s', async (_name, properties, message) => {
    await expect(open().rule(properties)).rejects.toThrow(message);
  });
});

describe('PutEvents', () => {
  const put = async (bus: Bus, ...Entries: readonly Readonly<Record<string, unknown>>[]) =>
    jsonOf(
      await call(bus.bridge.services[0], {
        headers: { 'x-amz-target': 'AWSEvents.PutEvents' },
        body: JSON.stringify({ Entries }),
      }),
    );

  it('takes events of one’s own and refuses those that claim to come from AWS, entry by entry', async () => {
    const bus = open();
    await bus.rule({ EventPattern: { source: ['my.app'] }, ...toQueue });
    const own = { Source: 'my.app', DetailType: 'done', Detail: '{"n":1}' };
    const answer = await put(
      bus,
      own,
      { ...own, Source: 'aws.ec2' },
      { ...own, Detail: 'no json' },
      { Source: 'my.app', Detail: '{}' },
    );
    expect(answer).toEqual({
      FailedEntryCount: 3,
      Entries: [
        { EventId: expect.any(String) },
        expect.objectContaining({ ErrorCode: 'NotAuthorizedForSourceException' }),
        expect.objectContaining({ ErrorCode: 'MalformedDetail' }),
        expect.objectContaining({ ErrorCode: 'InvalidArgument' }),
      ],
    });
    await bus.bridge.settled();
    expect(bus.context.queues.sent(signals)).toHaveLength(1);
  });

  it('needs the permission once an entry, with its source', () => {
    const Entries = [{ Source: 'my.app', DetailType: 'done', Detail: '{}' }];
    const request = requestOf({
      headers: { 'x-amz-target': 'AWSEvents.PutEvents' },
      body: JSON.stringify({ Entries }),
    });
    expect(open().bridge.services[0]?.understand(request).checks).toEqual([
      {
        action: 'events:PutEvents',
        resource: 'arn:aws:events:us-east-1:000000000000:event-bus/default',
        context: { 'events:source': 'my.app', 'events:detail-type': 'done' },
      },
    ]);
  });
});
