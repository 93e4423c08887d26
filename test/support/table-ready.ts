import { type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';

/** DynamoDB answers before a new table is there, and so does the one in this process. */
export const tableReady = async (client: DynamoDBClient, tableName: string): Promise<void> => {
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 }, { TableName: tableName });
};
