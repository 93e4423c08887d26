/** The services as real AWS SDK clients see them, over HTTP. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { MessageRejected, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { NotFoundException, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Front, startFront } from '../../lib/local/http/front.ts';
import { type LambdaService, lambdaService } from '../../lib/local/lambda/lambda-service.ts';
import { mailService } from '../../lib/local/mail/mail-service.ts';
import { notifications } from '../../lib/local/notifications/notifications-service.ts';
import { pricing } from '../../lib/local/pricing/pricing-service.ts';
import { functionZip } from './support/function-zip.ts';
import { provision, roleArn, type TestContext, testContext } from './support/local-context.ts';

let context: TestContext;
let front: Front;
let lambda: LambdaService;
let topicArn: string;

/** A function that uses the SDK with nothing but its environment, as ours do. */
const publisher = `
  import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
  export const handler = async (event) => (await new SNSClient({}).send(new PublishCommand(event))).MessageId;`;

const clientOptions = () => {
  const { accessKeyId, secretAccessKey, sessionToken } = context.credentials.issue({ kind: 'root' });
  return {
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${front.port}`,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    maxAttempts: 1,
  };
};

beforeAll(async () => {
  const code = await functionZip(
    'export const handler = async (event) => { if (event.fail) throw new Error("no"); return { got: event }; };',
  );
  context = testContext({
    objects: {
      'bucket/publisher.zip': await functionZip(publisher),
      'bucket/code.zip': code,
    },
    overrides: { endpoint: () => `http://127.0.0.1:${front.port}` },
  });
  lambda = lambdaService(context);
  const parts = [lambda, mailService(context), notifications(context), pricing(context, { 'm7g.large': 81_600 })];
  front = await startFront({
    services: parts.flatMap(({ services }) => services),
    credentials: context.credentials,
    judge: () => ({ allowed: true }),
    recorder: context.recorder,
    clock: context.clock,
    onDenied: () => undefined,
  });
  const providers = parts.flatMap((part) => part.providers);
  await provision(providers, 'AWS::Lambda::Function', 'Echo', {
    FunctionName: 'echo',
    Handler: 'src/handler.handler',
    Runtime: 'nodejs24.x',
    Role: roleArn('Echo'),
    Code: { S3Bucket: 'bucket', S3Key: 'code.zip' },
  });
  topicArn = (await provision(providers, 'AWS::SNS::Topic', 'Alarms', { TopicName: 'alarms' })).ref;
  await provision(providers, 'AWS::SES::EmailIdentity', 'Sender', { EmailIdentity: 'example.com' });
});

afterAll(async () => {
  context.abort();
  await lambda.close();
  await front.close();
});

describe('Lambda', () => {
  it('invokes and returns the payload, or the function’s error', async () => {
    const client = new LambdaClient(clientOptions());
    const fine = await client.send(new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{"n":1}') }));
    expect(JSON.parse(Buffer.from(fine.Payload ?? []).toString())).toEqual({ got: { n: 1 } });
    expect(fine.FunctionError).toBeUndefined();
    const failed = await client.send(
      new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{"fail":true}') }),
    );
    expect(failed.FunctionError).toBe('Unhandled');
    const missing = client.send(new InvokeCommand({ FunctionName: 'none' }));
    await expect(missing).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('runs a function whose own client reaches the local cloud, as its role', async () => {
    await provision(lambda.providers, 'AWS::Lambda::Function', 'Publisher', {
      FunctionName: 'publisher',
      Handler: 'src/handler.handler',
      Runtime: 'nodejs24.x',
      Role: roleArn('PublisherRole'),
      Code: { S3Bucket: 'bucket', S3Key: 'publisher.zip' },
    });
    const result = await lambda.functions.invoke(
      'publisher',
      JSON.stringify({ TopicArn: topicArn, Message: 'm' }),
      'test',
    );
    expect(result.payload).toMatch(/^"[0-9a-f-]{36}"$/);
    const published = context.recorded.find(({ kind, action }) => kind === 'request' && action === 'Publish');
    expect(JSON.stringify(published)).toContain('PublisherRole');
  });
});

describe('SES', () => {
  const mail = (from: string) =>
    new SendEmailCommand({
      Content: {
        Raw: {
          Data: Buffer.from(
            `From: ${from}\r\nTo: a@b.org\r\nSubject: Weekly\r\nContent-Type: text/html\r\n\r\n<p>x</p>`,
          ),
        },
      },
    });

  it('stores a raw mail and refuses a sender that is not verified', async () => {
    const client = new SESv2Client(clientOptions());
    expect((await client.send(mail('reports@example.com'))).MessageId).toBeTruthy();
    expect(readdirSync(join(context.stateFolder, 'outbox')).toSorted()).toEqual(['1-weekly.eml', '1-weekly.html']);
    await expect(client.send(mail('other@example.net'))).rejects.toBeInstanceOf(MessageRejected);
  });
});

describe('SNS and the price list', () => {
  it('publishes', async () => {
    const client = new SNSClient(clientOptions());
    expect((await client.send(new PublishCommand({ TopicArn: topicArn, Message: 'm' }))).MessageId).toBeTruthy();
    const missing = client.send(new PublishCommand({ TopicArn: `${topicArn}-none`, Message: 'm' }));
    await expect(missing).rejects.toBeInstanceOf(NotFoundException);
  });

  it('answers prices', async () => {
    const client = new PricingClient(clientOptions());
    const filters = [{ Type: 'TERM_MATCH' as const, Field: 'instanceType', Value: 'm7g.large' }];
    const { PriceList } = await client.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2', Filters: filters }));
    expect(String(PriceList?.[0])).toContain('"USD":"0.0816000000"');
  });
});
