import { afterEach, describe, expect, it } from 'vitest';
import { type LambdaService, lambdaService } from '../../../lib/local/lambda/lambda-service.ts';
import { functionZip } from '../support/function-zip.ts';
import { providerOf, provision, queueArn, roleArn, type TestContext, testContext } from '../support/local-context.ts';
import { settle } from '../support/manual-clock.ts';

const queue = queueArn('signals');

/** Fails the bodies that say so; a body may also make the whole batch throw or answer nonsense. */
const source = `
  export const handler = async (event) => {
    const bodies = event.Records.map((record) => record.body);
    console.log(JSON.stringify({ bodies, first: event.Records[0] }));
    if (bodies.includes('throw')) throw new Error('whole batch');
    if (bodies.includes('nonsense')) return { batchItemFailures: [{ itemIdentifier: '' }] };
    if (bodies.includes('nothing')) return null;
    const failed = event.Records.filter((record) => record.body.startsWith('fail'));
    return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
  };`;

interface Running {
  readonly context: TestContext;
  readonly lambda: LambdaService;
  readonly denied: Set<string>;
  map(properties: Readonly<Record<string, unknown>>): Promise<string>;
  /** Lets the mapping work until so many invocations are recorded. */
  untilInvoked(count: number): Promise<void>;
}

const opened: Running[] = [];
afterEach(async () => {
  for (const { lambda, context } of opened.splice(0)) {
    context.abort();
    await lambda.close();
  }
});

const start = async (): Promise<Running> => {
  const denied = new Set<string>();
  const context = testContext({
    queueArns: [queue],
    objects: { 'bucket/code.zip': await functionZip(source) },
    isAllowed: (caller, check) =>
      caller.kind === 'service' ||
      (caller.kind === 'role' && caller.roleName === 'SignalsRole' && !denied.has(check.action)),
  });
  const lambda = lambdaService(context);
  await provision(lambda.providers, 'AWS::Lambda::Function', 'Signals', {
    FunctionName: 'signals',
    Handler: 'src/handler.handler',
    Runtime: 'nodejs24.x',
    Role: roleArn('SignalsRole'),
    Code: { S3Bucket: 'bucket', S3Key: 'code.zip' },
  });
  const running: Running = {
    context,
    lambda,
    denied,
    map: async (properties) => {
      const all = { EventSourceArn: queue, FunctionName: 'signals', ...properties };
      return (await provision(lambda.providers, 'AWS::Lambda::EventSourceMapping', 'Mapping', all)).physicalId;
    },
    untilInvoked: async (count) => {
      while (context.recorded.filter(({ kind }) => kind === 'invocation').length < count) await settle();
      await settle();
    },
  };
  opened.push(running);
  return running;
};

const reporting = { FunctionResponseTypes: ['ReportBatchItemFailures'] };
const sendAll = async ({ context }: Running, ...bodies: string[]): Promise<void> => {
  for (const body of bodies) await context.queues.send(queue, body);
};

describe('a queue mapped to a function', () => {
  it('has the messages deleted that the function did not report, and the others left', async () => {
    const running = await start();
    await sendAll(running, 'one', 'fail two', 'three');
    await running.map(reporting);
    await running.untilInvoked(1);
    expect(running.context.queues.left(queue)).toEqual(['fail two']);
  });

  it('sees a failed message again when its visibility is over', async () => {
    const running = await start();
    await sendAll(running, 'fail once');
    await running.map(reporting);
    await running.untilInvoked(1);
    await running.context.clock.advance(31_000);
    await running.untilInvoked(2);
    expect(running.context.queues.sent(queue)[0]?.receives).toBe(2);
  });

  it.each([
    ['throws', 'throw', ['one', 'throw']],
    ['answers an empty identifier', 'nonsense', ['one', 'nonsense']],
    ['answers null', 'nothing', []],
  ])('keeps or loses the whole batch when the function %s', async (_name, body, left) => {
    const running = await start();
    await sendAll(running, 'one', body);
    await running.map(reporting);
    await running.untilInvoked(1);
    expect(running.context.queues.left(queue)).toEqual(left);
  });

  it('has everything deleted when it did not ask for reports', async () => {
    const running = await start();
    await sendAll(running, 'one', 'fail two');
    await running.map({});
    await running.untilInvoked(1);
    expect(running.context.queues.left(queue)).toEqual([]);
  });

  it('is handed on in batches of at most the size given', async () => {
    const running = await start();
    await sendAll(running, ...Array.from({ length: 12 }, (_, index) => `task ${index}`));
    await running.map({ ...reporting, BatchSize: 5 });
    await running.untilInvoked(3);
    expect(running.context.queues.left(queue)).toEqual([]);
    expect(running.context.recorded.filter(({ kind }) => kind === 'invocation')).toHaveLength(3);
  });

  it('gathers a batch for the length of its window', async () => {
    const running = await start();
    await running.map({ ...reporting, BatchSize: 100, MaximumBatchingWindowInSeconds: 5 });
    await sendAll(running, 'early');
    await running.context.clock.advance(2_000);
    await sendAll(running, 'late');
    await running.context.clock.advance(2_000);
    expect(running.context.recorded).toEqual([]);
    await running.context.clock.advance(1_000);
    await running.untilInvoked(1);
    expect(running.context.queues.left(queue)).toEqual([]);
    expect(running.context.recorded).toHaveLength(1);
  });

  it('skips messages that no filter wants, for good', async () => {
    const running = await start();
    await sendAll(running, '{"kind":"noise"}', '{"kind":"signal"}');
    await running.map({ ...reporting, FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["signal"]}}' }] } });
    await running.untilInvoked(1);
    expect(running.context.queues.left(queue)).toEqual([]);
    expect(running.context.queues.sent(queue).map(({ receives }) => receives)).toEqual([1, 1]);
  });

  it('is left alone while the mapping is disabled or deleted', async () => {
    const running = await start();
    await running.map({ ...reporting, Enabled: false });
    const id = await running.map(reporting);
    await settle();
    const provider = providerOf(running.lambda.providers, 'AWS::Lambda::EventSourceMapping');
    await provider.delete({ physicalId: id, ref: id, attributes: {}, properties: {} });
    await sendAll(running, 'one');
    await running.context.clock.advance(60_000);
    expect(running.context.recorded).toEqual([]);
    expect(running.context.queues.left(queue)).toEqual(['one']);
  });
});

describe("the mapping acts with the function's role", () => {
  it.each(['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])(
    'and cannot be made without sqs:%s',
    async (action) => {
      const running = await start();
      running.denied.add(`sqs:${action}`);
      await expect(running.map(reporting)).rejects.toThrow(
        `The provided execution role does not have permissions to call ${action} on SQS`,
      );
    },
  );

  it('and stops reading when the role loses its permission', async () => {
    const running = await start();
    await running.map(reporting);
    await settle();
    running.denied.add('sqs:ReceiveMessage');
    await sendAll(running, 'one');
    await running.untilInvoked(1);
    await sendAll(running, 'two');
    await running.context.clock.advance(60_000);
    expect(running.context.queues.left(queue)).toEqual(['two']);
    expect(running.context.recorded).toContainEqual(
      expect.objectContaining({ kind: 'event-source-mapping', outcome: 'waiting' }),
    );
  });
});

describe('a mapping is refused', () => {
  it.each([
    ['a large batch without a window', { BatchSize: 11 }, /batch window/],
    ['a concurrency below two', { ScalingConfig: { MaximumConcurrency: 1 } }, /between 2 and 1000/],
    ['a stream', { EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' }, /Unrecognized event source/],
  ])('for %s', async (_name, properties, message) => {
    const running = await start();
    await expect(running.map(properties)).rejects.toThrow(message);
  });
});
