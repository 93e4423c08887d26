import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings, documentClient } from './clients.ts';

/** Clients of somebody at a desk, for the Region of a stack, whatever Region the desk is set to. */
export const regionalClients = (region: string, environment: Readonly<Record<string, string | undefined>>) => {
  const settings = { ...clientSettings('patient'), region };
  const hasEndpoint = Boolean(environment['AWS_ENDPOINT_URL'] ?? environment['AWS_ENDPOINT_URL_SQS']);
  return {
    dynamo: documentClient(new DynamoDBClient(settings)),
    sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: !hasEndpoint }),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    lambda: new LambdaClient(settings),
  };
};
