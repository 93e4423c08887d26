import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

let cloud: TestCloud;
let sqs: SQSClient;
let s3: S3Client;
let dynamo: DynamoDBClient;

const TIME_FACTOR = 10;

beforeAll(async () => {
  cloud = await startTestCloud({ timeFactor: TIME_FACTOR });
  sqs = new SQSClient(cloud.clientConfiguration());
  s3 = new S3Client(cloud.clientConfiguration());
  dynamo = new DynamoDBClient(cloud.clientConfiguration());
});

afterAll(async () => {
  for (const client of [sqs, s3, dynamo]) client.destroy();
  await cloud.close();
});

describe('queues', () => {
  const makeQueue = async (name: string, Attributes: Record<string, string> = {}): Promise<string> => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl;
  };

  test('live on the front, and show the seconds they were given', async () => {
    const QueueUrl = await makeQueue('shown', { VisibilityTimeout: '90' });
    expect(QueueUrl).toBe(`${cloud.endpoint}/000000000000/shown`);
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({ VisibilityTimeout: '90', QueueArn: 'arn:aws:sqs:us-east-1:000000000000:shown' });
  });

  test('a message comes back after a tenth of its visibility when time runs ten times as fast', async () => {
    const QueueUrl = await makeQueue('fast', { VisibilityTimeout: '2' });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }));
    const first = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const hidden = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const waited = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
    );
    expect([first.Messages?.length, hidden.Messages?.length]).toEqual([1, undefined]);
    expect(waited.Messages?.[0]).toMatchObject({ Body: 'again', Attributes: { ApproximateReceiveCount: '2' } });
  });

  test('a message received too often is moved to the dead-letter queue', async () => {
    const dead = await makeQueue('tired-dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:tired-dead',
      maxReceiveCount: 1,
    });
    const QueueUrl = await makeQueue('tired', { RedrivePolicy });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    const again = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const moved = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead }));
    expect([again.Messages?.length, moved.Messages?.[0]?.Body]).toEqual([undefined, 'poison']);
  });

  test('a poll whose caller was killed takes no message away', async () => {
    const QueueUrl = await makeQueue('polled');
    const killed = new AbortController();
    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: killed.signal });
    const gone = expect(poll).rejects.toMatchObject({ name: 'AbortError' });
    await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    killed.abort();
    await gone;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    expect(Messages?.[0]?.Body).toBe('kept');
  });

  test('a missing queue and a stale handle are named as AWS names them', async () => {
    const QueueUrl = await makeQueue('stale');
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: `${cloud.endpoint}/000000000000/nowhere`, MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    await expect(
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: 'old', VisibilityTimeout: 1 })),
    ).rejects.toMatchObject({ name: 'MessageNotInflight' });
  });

  test('the record names each message by id, from its sending to its deletion', async () => {
    const QueueUrl = await makeQueue('traced');
    const before = cloud.context.recorder.lines().length;
    const sent = await sqs.send(
      new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'hidden words', DelaySeconds: 0 }] }),
    );
    const id = sent.Successful?.[0]?.MessageId;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
    const lines = cloud.context.recorder.lines().slice(before);
    expect(
      lines.map(({ action, parameters }) => [action, (parameters as { messageIds: string[] }).messageIds]),
    ).toEqual([
      ['sqs:SendMessageBatch', [id]],
      ['sqs:ReceiveMessage', [id]],
      ['sqs:DeleteMessage', [id]],
    ]);
    expect(JSON.stringify(lines)).not.toContain('hidden words');
  });
});

describe('objects', () => {
  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'shelf' }));
  });

  test('come back with their metadata', async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket: 'shelf',
        Key: 'a/é b.txt',
        Body: 'text',
        Metadata: { colour: 'blue' },
        ContentType: 'text/plain',
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'shelf', Key: 'a/é b.txt' }));
    expect(head).toMatchObject({ ContentLength: 4, ContentType: 'text/plain', Metadata: { colour: 'blue' } });
    expect(cloud.context.objects.get('shelf', 'a/é b.txt')?.toString()).toBe('text');
  });

  test('are put only where nothing is, when asked to', async () => {
    const put = () => s3.send(new PutObjectCommand({ Bucket: 'shelf', Key: 'once', Body: 'x', IfNoneMatch: '*' }));
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  test('are replaced only as they were, when asked to: 412 for a changed one, 404 for one that has gone', async () => {
    const put = (Key: string, IfMatch: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'shelf', Key, Body: 'new', IfMatch }));
    const { ETag = '' } = await s3.send(new PutObjectCommand({ Bucket: 'shelf', Key: 'as-it-was', Body: 'old' }));
    await put('as-it-was', ETag);
    await expect(put('as-it-was', ETag)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(put('gone', ETag)).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
  });

  test('are listed by prefix, page by page, and deleted together', async () => {
    for (const Key of ['p/1', 'p/2&<', 'p/3', 'q/1'])
      await s3.send(new PutObjectCommand({ Bucket: 'shelf', Key, Body: 'x' }));
    const first = await s3.send(new ListObjectsV2Command({ Bucket: 'shelf', Prefix: 'p/', MaxKeys: 2 }));
    const rest = await s3.send(
      new ListObjectsV2Command({ Bucket: 'shelf', Prefix: 'p/', ContinuationToken: first.NextContinuationToken }),
    );
    const keys = [...(first.Contents ?? []), ...(rest.Contents ?? [])].map(({ Key }) => Key);
    expect([keys, first.IsTruncated, rest.IsTruncated]).toEqual([['p/1', 'p/2&<', 'p/3'], true, false]);
    await s3.send(new DeleteObjectsCommand({ Bucket: 'shelf', Delete: { Objects: keys.map((Key) => ({ Key })) } }));
    const after = await s3.send(new ListObjectsV2Command({ Bucket: 'shelf', Prefix: 'p/' }));
    expect(after.KeyCount).toBe(0);
  });

  test('of several parts are put together in their order', async () => {
    const target = { Bucket: 'shelf', Key: 'large' };
    const parts = [randomBytes(6_000_000), randomBytes(1_000)] as const;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...target, Metadata: { filesha256: 'd' } }));
    const sent = await Promise.all(
      [2, 1].map(async (PartNumber) => {
        const { ETag } = await s3.send(
          new UploadPartCommand({ ...target, UploadId, PartNumber, Body: parts[PartNumber === 1 ? 0 : 1] }),
        );
        return { ETag, PartNumber };
      }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: sent.toReversed() } }),
    );
    expect(cloud.context.objects.get('shelf', 'large')?.equals(Buffer.concat(parts))).toBe(true);
    expect((await s3.send(new HeadObjectCommand(target))).Metadata).toEqual({ filesha256: 'd' });
  });

  test('are read by a presigned address, signed in the query', async () => {
    await s3.send(new PutObjectCommand({ Bucket: 'shelf', Key: 'shared', Body: 'for you' }));
    const credential = `${cloud.rootCredentials.accessKeyId}/20260101/us-east-1/s3/aws4_request`;
    const address = `${cloud.endpoint}/shelf/shared?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential)}&X-Amz-Signature=0`;
    expect(await (await fetch(address)).text()).toBe('for you');
    expect((await fetch(address.replace(cloud.rootCredentials.accessKeyId, 'AKIANOBODY'))).status).toBe(403);
  });

  test('that do not exist are named', async () => {
    await expect(s3.send(new GetObjectCommand({ Bucket: 'shelf', Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'none' }))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

test('a failed condition gives the old item to whoever asks for it', async () => {
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'rows',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
  await expect
    .poll(() => dynamo.send(new PutItemCommand({ TableName: 'rows', Item: { id: { S: '1' }, owner: { S: 'me' } } })))
    .toBeDefined();
  const steal = new UpdateItemCommand({
    TableName: 'rows',
    Key: { id: { S: '1' } },
    UpdateExpression: 'SET #o = :you',
    ConditionExpression: '#o = :you',
    ExpressionAttributeNames: { '#o': 'owner' },
    ExpressionAttributeValues: { ':you': { S: 'you' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  await expect(dynamo.send(steal)).rejects.toMatchObject({
    name: 'ConditionalCheckFailedException',
    Item: { id: { S: '1' }, owner: { S: 'me' } },
  });
});

describe('the front', () => {
  test('answers an unsigned call, an unknown service and nonsense without falling over', async () => {
    const signedFor = (service: string) => ({
      authorization: `AWS4-HMAC-SHA256 Credential=${cloud.rootCredentials.accessKeyId}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    });
    expect((await fetch(cloud.endpoint)).status).toBe(403);
    const unknown = await fetch(cloud.endpoint, { headers: signedFor('neptune-db') });
    expect([unknown.status, await unknown.text()]).toEqual([501, expect.stringContaining('has no service neptune-db')]);
    for (const service of ['dynamodb', 'sqs', 'cloudformation', 'sts', 'logs', 'monitoring', 'ecr']) {
      const nonsense = await fetch(cloud.endpoint, { method: 'POST', headers: signedFor(service), body: '{nonsense%' });
      expect([service, nonsense.status]).toEqual([service, 400]);
    }
  });
});
