import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Real SDK clients over HTTP on queues and a bucket in this process. */
export const startQueues = async () => {
  const server = await startFauxqs({ port: 0, logger: false });
  const settings = { region: 'eu-west-1', endpoint: `http://127.0.0.1:${server.port}`, credentials: CREDENTIALS };
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'blobs' }));
  return {
    sqs,
    s3,
    port: server.port,
    queueUrl: async (name: string): Promise<string> =>
      (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl!,
    stop: async (): Promise<void> => {
      sqs.destroy();
      s3.destroy();
      await server.stop();
    },
  };
};
