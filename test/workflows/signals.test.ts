import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { signalsHandler } from '../../functions/signals.ts';
import { fleetName, type InstanceId } from '../../lib/fleet/ids.ts';
import { handleSignalBody, type SignalsWorld } from '../../lib/workflows/handle-signal-body.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId } from '../support/records.ts';
import { aMachine, INDEX, SETTINGS, snapshot, type WorkflowWorld, workflowWorld } from '../support/workflow-world.ts';

const HOME = { account: '123456789012', region: 'us-east-1' };
const OTHER = fleetName('other');

const warning = (instanceId: string, changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    version: '0',
    id: `event-for-${instanceId}`,
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    account: HOME.account,
    time: '2026-01-01T00:00:00Z',
    region: HOME.region,
    resources: [`arn:aws:ec2:us-east-1a:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
    ...changes,
  });

const scheduledChange = (...instanceIds: readonly string[]): string =>
  JSON.stringify({
    version: '0',
    id: 'health-1',
    'detail-type': 'AWS Health Event',
    source: 'aws.health',
    account: HOME.account,
    time: '2026-01-01T00:00:00Z',
    region: HOME.region,
    resources: instanceIds,
    detail: {
      eventArn: 'arn:aws:health:us-east-1::event/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED/1',
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
      eventTypeCategory: 'scheduledChange',
      eventScopeCode: 'ACCOUNT_SPECIFIC',
      communicationId: '1',
      startTime: 'Thu, 01 Jan 2026 06:00:00 GMT',
      endTime: 'Thu, 01 Jan 2026 08:00:00 GMT',
      lastUpdatedTime: 'Thu, 01 Jan 2026 00:00:00 GMT',
      statusCode: 'upcoming',
      eventRegion: HOME.region,
      affectedEntities: instanceIds.map((entityValue) => ({ entityValue })),
      affectedAccount: HOME.account,
    },
  });

interface Kept {
  readonly body: string;
  readonly reason: string;
}

const signalsOf = (world: WorkflowWorld) => {
  const kept: Kept[] = [];
  const retried: string[] = [];
  const signals: SignalsWorld = {
    world,
    home: HOME,
    queue: {
      retrySoon: async (receiptHandle) => void retried.push(receiptHandle),
      keepAside: async (body, reason) => void kept.push({ body, reason }),
    },
  };
  return { signals, kept, retried };
};

const record = (number: number, body: string): SQSRecord => ({
  messageId: `message-${number}`,
  receiptHandle: `handle-${number}`,
  body,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '1767225600000',
    SenderId: 'events.amazonaws.com',
    ApproximateFirstReceiveTimestamp: '1767225600000',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:signals',
  awsRegion: HOME.region,
});

const batch = (...bodies: readonly string[]): SQSEvent => ({
  Records: bodies.map((body, index) => record(index + 1, body)),
});

const CONTEXT = { functionName: 'signals', getRemainingTimeInMillis: () => 5_000 } as unknown as Context;

/** Recording a signal on this machine fails, as a throttled table does. */
const failingFor = (world: WorkflowWorld, instanceId: InstanceId): WorkflowWorld => ({
  ...world,
  instances: {
    ...world.instances,
    recordSignal: async (signal, drains, now) => {
      if (signal.instanceId === instanceId) throw new Error('throttled');
      return world.instances.recordSignal(signal, drains, now);
    },
  },
});

const isDraining = (world: WorkflowWorld, number: number): boolean =>
  world.instances.records.get(anInstanceId(number))?.drainingAt !== undefined;

describe('one body of the signals queue', () => {
  it.each([
    ['text that is not JSON', 'warning!'],
    ['an event nobody knows', JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', detail: {} })],
    ['a warning without an instance', warning('i-none', { detail: {} })],
  ])('%s is kept aside with its reason and counted, and nothing is touched', async (_name, body) => {
    const world = workflowWorld();
    const { signals, kept } = signalsOf(world);
    const before = await snapshot(world);
    await handleSignalBody(signals, collectWakes(world), body);
    expect(kept).toEqual([{ body, reason: expect.stringMatching(/\S/) }]);
    expect(world.counted.get('SignalsUnrecognised')).toBe(1);
    expect(await snapshot(world)).toBe(before);
  });

  it.each([
    ['another account', { account: '999999999999' }],
    ['another region', { region: 'eu-west-1' }],
  ])('a warning from %s is refused, kept aside and counted, and nothing is touched', async (_name, origin) => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    const { signals, kept } = signalsOf(world);
    const before = await snapshot(world);
    await handleSignalBody(signals, collectWakes(world), warning(anInstanceId(1), origin));
    expect(kept).toHaveLength(1);
    expect(world.counted.get('SignalsRefused')).toBe(1);
    expect(await snapshot(world)).toBe(before);
  });

  it('an event that needs no act is acknowledged and not kept', async () => {
    const world = workflowWorld();
    const { signals, kept } = signalsOf(world);
    const pending = warning(anInstanceId(1), {
      'detail-type': 'EC2 Instance State-change Notification',
      detail: { 'instance-id': anInstanceId(1), state: 'pending' },
    });
    await handleSignalBody(signals, collectWakes(world), pending);
    expect(kept).toEqual([]);
    expect(world.counted.size).toBe(0);
  });

  it('a body that could not be kept aside comes again: it is lost nowhere', async () => {
    const world = workflowWorld();
    const { signals } = signalsOf(world);
    const full = { ...signals.queue, keepAside: () => Promise.reject(new Error('the queue is missing')) };
    const handled = handleSignalBody({ ...signals, queue: full }, collectWakes(world), 'warning!');
    await expect(handled).rejects.toThrow('the queue is missing');
  });

  it('that names several machines is a signal for each of them', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    await aMachine(world, anInstanceId(2));
    const { signals } = signalsOf(world);
    await handleSignalBody(signals, collectWakes(world), scheduledChange(anInstanceId(1), anInstanceId(2)));
    const seen = [1, 2].map((number) => world.instances.records.get(anInstanceId(number))?.signals);
    expect(seen).toEqual([{ 'scheduled-change': expect.anything() }, { 'scheduled-change': expect.anything() }]);
  });

  it('that names several machines reaches all others when one of them cannot be recorded', async () => {
    const world = workflowWorld();
    for (const number of [1, 2, 3]) await aMachine(world, anInstanceId(number));
    const { signals } = signalsOf(failingFor(world, anInstanceId(1)));
    const body = scheduledChange(...[1, 2, 3].map(anInstanceId));
    await expect(handleSignalBody(signals, collectWakes(world), body)).rejects.toThrow('throttled');
    const seen = [1, 2, 3].map((number) => world.instances.records.get(anInstanceId(number))?.signals);
    expect(seen).toEqual([{}, { 'scheduled-change': expect.anything() }, { 'scheduled-change': expect.anything() }]);
  });
});

describe('the signals function', () => {
  it('F28: of ten records one of which fails, only that one is returned, and it comes again after a second', async () => {
    const world = workflowWorld();
    for (let number = 1; number <= 10; number += 1) await aMachine(world, anInstanceId(number));
    const { signals, retried } = signalsOf(failingFor(world, anInstanceId(4)));
    const bodies = Array.from({ length: 10 }, (_, index) => warning(anInstanceId(index + 1)));
    const response = await signalsHandler(signals)(batch(...bodies), CONTEXT);
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-4' }] });
    expect(retried).toEqual(['handle-4']);
    const draining = Array.from({ length: 10 }, (_, index) => isDraining(world, index + 1));
    expect(draining).toEqual([true, true, true, false, true, true, true, true, true, true]);
  });

  it('F29, F30: answers a list in every case, with no id that was not in the batch', async () => {
    const world = workflowWorld();
    const { signals } = signalsOf(world);
    const handler = signalsHandler(signals);
    expect(await handler(batch(), CONTEXT)).toEqual({ batchItemFailures: [] });
    expect(await handler(batch(warning(anInstanceId(1))), CONTEXT)).toEqual({ batchItemFailures: [] });
  });

  it('returns every record when every one fails, instead of failing as a whole', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    const { signals, retried } = signalsOf(failingFor(world, anInstanceId(1)));
    const response = await signalsHandler(signals)(batch(warning(anInstanceId(1)), warning(anInstanceId(1))), CONTEXT);
    expect(response.batchItemFailures.map((failure) => failure.itemIdentifier)).toEqual(['message-1', 'message-2']);
    expect(retried).toEqual(['handle-1', 'handle-2']);
    expect(world.counted.get('SignalsFailed')).toBe(2);
  });

  it('F31: a body that cannot be read does not poison its batch', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    const { signals, kept } = signalsOf(world);
    const response = await signalsHandler(signals)(batch('{', warning(anInstanceId(1))), CONTEXT);
    expect(response).toEqual({ batchItemFailures: [] });
    expect(kept.map(({ body }) => body)).toEqual(['{']);
    expect(isDraining(world, 1)).toBe(true);
  });

  it('wakes each fleet once for a whole batch', async () => {
    const world = workflowWorld({}, [{ ...SETTINGS, fleet: OTHER }]);
    const woken: string[] = [];
    const wakes = { ...world.wakes, wake: async (fleet: string) => void woken.push(fleet) };
    for (let number = 1; number <= 60; number += 1) {
      await aMachine(world, anInstanceId(number), { fleet: number % 3 === 0 ? OTHER : INDEX });
    }
    const { signals } = signalsOf({ ...world, wakes });
    const bodies = Array.from({ length: 60 }, (_, index) => warning(anInstanceId(index + 1)));
    await signalsHandler(signals)(batch(...bodies), CONTEXT);
    expect(woken.sort()).toEqual(['index', 'other']);
  });

  it('fails nothing for a wake that is lost', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    const wakes = { ...world.wakes, wake: () => Promise.reject(new Error('the queue is missing')) };
    const { signals } = signalsOf({ ...world, wakes });
    const response = await signalsHandler(signals)(batch(warning(anInstanceId(1))), CONTEXT);
    expect(response).toEqual({ batchItemFailures: [] });
    expect(isDraining(world, 1)).toBe(true);
  });

  it('returns a failed record although its wait could not be shortened', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(1));
    const { signals } = signalsOf(failingFor(world, anInstanceId(1)));
    const stuck = { ...signals.queue, retrySoon: () => Promise.reject(new Error('stale handle')) };
    const response = await signalsHandler({ ...signals, queue: stuck })(batch(warning(anInstanceId(1))), CONTEXT);
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
  });
});
