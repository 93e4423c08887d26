import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { type LambdaService, lambdaService } from '../../../lib/local/lambda/lambda-service.ts';
import { functionZip } from '../support/function-zip.ts';
import {
  call,
  jsonOf,
  providerOf,
  provision,
  roleArn,
  type TestContext,
  testContext,
} from '../support/local-context.ts';

const opened: { readonly lambda: LambdaService; readonly context: TestContext }[] = [];
afterEach(async () => {
  for (const { lambda, context } of opened.splice(0)) {
    context.abort();
    await lambda.close();
  }
});

interface Deployed {
  readonly lambda: LambdaService;
  readonly context: TestContext;
  readonly properties: Readonly<Record<string, unknown>>;
}

const deploy = async (
  source: string,
  extra: Readonly<Record<string, unknown>> = {},
  second = '',
): Promise<Deployed> => {
  const objects: Record<string, Buffer> = { 'bucket/one.zip': await functionZip(source) };
  if (second !== '') objects['bucket/two.zip'] = await functionZip(second);
  const context = testContext({ objects });
  const lambda = lambdaService(context);
  opened.push({ lambda, context });
  const properties = {
    FunctionName: 'signals',
    Handler: 'src/handler.handler',
    Runtime: 'nodejs24.x',
    Role: roleArn('SignalsRole'),
    Code: { S3Bucket: 'bucket', S3Key: 'one.zip' },
    ...extra,
  };
  await provision(lambda.providers, 'AWS::Lambda::Function', 'Signals', properties);
  return { lambda, context, properties };
};

const answerOf = async ({ lambda }: Deployed, event: unknown = {}): Promise<unknown> =>
  JSON.parse((await lambda.functions.invoke('signals', JSON.stringify(event), 'test')).payload);

describe('a packaged function', () => {
  it('sees the environment of the template, its role and where the local cloud is, and nothing of the laptop', async () => {
    process.env['SPOTHOP_TEST_LEAK'] = 'laptop';
    const deployed = await deploy('export const handler = async () => process.env', {
      Environment: { Variables: { TABLE: 'tasks', COUNT: 3 } },
      MemorySize: 256,
    });
    const environment = (await answerOf(deployed)) as Record<string, string>;
    expect(environment).toMatchObject({
      TABLE: 'tasks',
      COUNT: '3',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'signals',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/signals',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_ACCESS_KEY_ID: 'ASIA1',
      AWS_SECRET_ACCESS_KEY: 'secret of ASIA1',
      AWS_SESSION_TOKEN: 'token of ASIA1',
      SPOTHOP_TIME_FACTOR: '1',
      SPOTHOP_TIME_ORIGIN_MS: '0',
    });
    expect(environment).not.toHaveProperty('SPOTHOP_TEST_LEAK');
    expect(environment).not.toHaveProperty('PATH');
    expect(deployed.context.credentials.resolve('ASIA1')).toEqual({
      kind: 'role',
      roleName: 'SignalsRole',
      roleArn: roleArn('SignalsRole'),
      sessionName: 'signals',
    });
  });

  it('gets the event and a context, and is kept warm for the next event', async () => {
    const deployed = await deploy(`
      let calls = 0;
      export const handler = async (event, context) => ({
        event, calls: ++calls, name: context.functionName, arn: context.invokedFunctionArn, leftMs: context.getRemainingTimeInMillis() > 0,
      });`);
    expect(await answerOf(deployed, { n: 1 })).toMatchObject({ event: { n: 1 }, calls: 1 });
    expect(await answerOf(deployed, { n: 2 })).toMatchObject({
      event: { n: 2 },
      calls: 2,
      name: 'signals',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:signals',
    });
  });

  it('runs one event at a time in an environment, and no more environments than its reserved concurrency', async () => {
    const deployed = await deploy(
      `import { threadId } from 'node:worker_threads';
       let busy = 0;
       export const handler = async () => { busy++; await new Promise(setImmediate); const seen = busy; busy--; return { seen, threadId }; };`,
      { ReservedConcurrentExecutions: 2 },
    );
    const answers = (await Promise.all(Array.from({ length: 8 }, () => answerOf(deployed)))) as {
      seen: number;
      threadId: number;
    }[];
    expect(answers.map(({ seen }) => seen)).toEqual(Array(8).fill(1));
    expect(new Set(answers.map(({ threadId }) => threadId)).size).toBe(2);
  });

  it('answers an error as Lambda does, is recorded, and goes on serving', async () => {
    const deployed = await deploy(`
      class Refused extends Error { name = 'Refused' }
      export const handler = async (event) => { if (event.fail) throw new Refused('no such fleet'); return 'fine'; };`);
    const failure = await deployed.lambda.functions.invoke('signals', '{"fail":true}', 'sqs:queue');
    expect(failure.functionError).toBe('Unhandled');
    expect(JSON.parse(failure.payload)).toMatchObject({ errorType: 'Refused', errorMessage: 'no such fleet' });
    expect(await answerOf(deployed)).toBe('fine');
    expect(deployed.context.recorded).toMatchObject([
      { kind: 'invocation', function: 'signals', trigger: 'sqs:queue', outcome: 'error' },
      { kind: 'invocation', function: 'signals', trigger: 'test', outcome: 'success' },
    ]);
  });

  it('is ended when its time is over, with its credentials, and starts anew for the next event', async () => {
    const deployed = await deploy(
      'let calls = 0; export const handler = (event) => event.hang ? new Promise(() => setInterval(() => 0, 1000)) : ++calls;',
      { Timeout: 7 },
    );
    const asleep = deployed.context.clock.untilSomebodySleeps(7_000);
    const hanging = deployed.lambda.functions.invoke('signals', '{"hang":true}', 'test');
    await asleep;
    await deployed.context.clock.advance(7_000);
    const result = await hanging;
    expect(result).toMatchObject({ outcome: 'timeout', functionError: 'Unhandled' });
    expect(JSON.parse(result.payload).errorMessage).toMatch(
      /^RequestId: \S+ Error: Task timed out after 7\.00 seconds$/,
    );
    expect(deployed.context.revoked).toEqual(['ASIA1']);
    expect(await answerOf(deployed)).toBe(1);
  });

  it('has at least twenty seconds of the wall clock, however fast time runs', async () => {
    const objects = {
      'bucket/one.zip': await functionZip(
        'export const handler = () => new Promise(() => setInterval(() => 0, 1000));',
      ),
    };
    const context = testContext({ objects, overrides: { timeFactor: 30 } });
    const lambda = lambdaService(context);
    opened.push({ lambda, context });
    await provision(lambda.providers, 'AWS::Lambda::Function', 'Slow', {
      Handler: 'src/handler.handler',
      Runtime: 'nodejs24.x',
      Role: roleArn('SlowRole'),
      Timeout: 5,
      Code: { S3Bucket: 'bucket', S3Key: 'one.zip' },
    });
    const asleep = context.clock.untilSomebodySleeps(20_000 * 30);
    const hanging = lambda.functions.invoke('spothop-Slow', '{}', 'test');
    await asleep;
    await context.clock.advance(20_000 * 30);
    expect((await hanging).outcome).toBe('timeout');
  });

  it('that ends its own process loses only its environment', async () => {
    const deployed = await deploy(
      'export const handler = async (event) => { if (event.exit) process.exit(3); return "fine"; };',
    );
    const result = await deployed.lambda.functions.invoke('signals', '{"exit":true}', 'test');
    expect(JSON.parse(result.payload)).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(result.payload).toContain('exit status 3');
    expect(await answerOf(deployed)).toBe('fine');
  });

  it('with a handler that is not there says so', async () => {
    const missing = await deploy('export const other = 1;');
    expect(await answerOf(missing)).toMatchObject({ errorType: 'Runtime.HandlerNotFound' });
    const misnamed = await deploy('export const handler = 1;', { Handler: 'src/nowhere.handler' });
    expect(await answerOf(misnamed)).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
  });

  it('prints into a file of its own', async () => {
    const { lambda, context } = await deploy(
      'export const handler = async () => { console.log("counted 3"); console.error("and one wrong"); };',
    );
    expect((await lambda.functions.invoke('signals', '{}', 'test')).payload).toBe('null');
    context.abort();
    await lambda.close();
    const log = readFileSync(join(context.stateFolder, 'logs', 'signals.log'), 'utf8');
    expect(log).toContain('counted 3\n');
    expect(log).toContain('and one wrong\n');
  });

  it('runs its new code after an update', async () => {
    const deployed = await deploy(
      'export const handler = async () => "old";',
      {},
      'export const handler = async () => "new";',
    );
    expect(await answerOf(deployed)).toBe('old');
    const provider = providerOf(deployed.lambda.providers, 'AWS::Lambda::Function');
    const properties = { ...deployed.properties, Code: { S3Bucket: 'bucket', S3Key: 'two.zip' } };
    const existing = { physicalId: 'signals', ref: 'signals', attributes: {}, properties: deployed.properties };
    await provider.update?.({ logicalId: 'Signals', stackName: 'spothop', properties }, existing);
    expect(await answerOf(deployed)).toBe('new');
  });

  it('is refused at the deploy when its zip is missing or reaches outside its root', async () => {
    const evil = Buffer.from(zipSync({ '../../evil.mjs': new Uint8Array([1]) }));
    const context = testContext({ objects: { 'bucket/evil.zip': evil } });
    const lambda = lambdaService(context);
    opened.push({ lambda, context });
    const create = (S3Key: string) =>
      provision(lambda.providers, 'AWS::Lambda::Function', 'Evil', {
        Handler: 'evil.handler',
        Runtime: 'nodejs24.x',
        Role: roleArn('R'),
        Code: { S3Bucket: 'bucket', S3Key },
      });
    await expect(create('none.zip')).rejects.toThrow(/NoSuchKey/);
    await expect(create('evil.zip')).rejects.toThrow(/outside its own root/);
    expect(existsSync(join(context.stateFolder, 'evil.mjs'))).toBe(false);
  });
});

it('a function whose role Lambda may not assume is refused at the deploy', async () => {
  const objects = { 'bucket/one.zip': await functionZip('export const handler = async () => 1;') };
  const context = testContext({ objects, isAllowed: (_caller, check) => check.action !== 'sts:AssumeRole' });
  const lambda = lambdaService(context);
  opened.push({ lambda, context });
  const create = provision(lambda.providers, 'AWS::Lambda::Function', 'Locked', {
    Handler: 'src/handler.handler',
    Runtime: 'nodejs24.x',
    Role: roleArn('Locked'),
    Code: { S3Bucket: 'bucket', S3Key: 'one.zip' },
  });
  await expect(create).rejects.toThrow('The role defined for the function cannot be assumed by Lambda.');
});

describe('an asynchronous invocation', () => {
  it('is tried three times, a minute and two minutes apart', async () => {
    const deployed = await deploy('export const handler = async () => { throw new Error("down"); };');
    const { clock, recorded } = deployed.context;
    const firstPause = clock.untilSomebodySleeps(60_000);
    deployed.lambda.functions.invokeLater('signals', '{}', 'rule');
    await firstPause;
    expect(recorded.filter(({ kind }) => kind === 'invocation')).toHaveLength(1);
    const secondPause = clock.untilSomebodySleeps(120_000);
    await clock.advance(60_000);
    await secondPause;
    expect(recorded.filter(({ kind }) => kind === 'invocation')).toHaveLength(2);
  });
});

describe('the Lambda API', () => {
  const functionPath = '/2015-03-31/functions/signals';

  it('describes a function with the time of its last change', async () => {
    const { lambda } = await deploy('export const handler = async () => 1;');
    const answer = jsonOf(await call(lambda.services[0], { method: 'GET', path: functionPath }));
    expect(answer['Configuration']).toMatchObject({
      FunctionName: 'signals',
      State: 'Active',
      LastModified: '2026-11-21T08:00:00.000+0000',
    });
  });

  it('invokes and marks an error in a header', async () => {
    const { lambda } = await deploy(
      'export const handler = async (event) => { if (event.fail) throw new TypeError("bad"); return event; };',
    );
    const invoke = (body: string, kind: string) =>
      call(lambda.services[0], {
        path: `${functionPath}/invocations`,
        headers: { 'x-amz-invocation-type': kind },
        body,
      });
    expect((await invoke('{"a":1}', 'RequestResponse')).body).toBe('{"a":1}');
    expect((await invoke('{"fail":true}', 'RequestResponse')).headers['x-amz-function-error']).toBe('Unhandled');
    expect((await invoke('{"a":1}', 'DryRun')).status).toBe(204);
    expect((await invoke('{"a":1}', 'Event')).status).toBe(202);
    await expect(invoke('{', 'RequestResponse')).rejects.toThrow(/parse/);
  });

  it('needs the permission on the function that is called', async () => {
    const { lambda } = await deploy('export const handler = async () => 1;');
    const request = {
      method: 'POST',
      path: `${functionPath}/invocations`,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(''),
      caller: { kind: 'root' } as const,
    };
    expect(lambda.services[0]?.understand(request).checks).toEqual([
      {
        action: 'lambda:InvokeFunction',
        resource: 'arn:aws:lambda:us-east-1:000000000000:function:signals',
        context: {},
      },
    ]);
  });

  it('does not know a function that is not there', async () => {
    const { lambda } = await deploy('export const handler = async () => 1;');
    await expect(call(lambda.services[0], { method: 'GET', path: '/2015-03-31/functions/other' })).rejects.toThrow(
      /Function not found/,
    );
  });
});
