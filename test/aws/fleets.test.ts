import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoFleetStore } from '../../lib/aws/fleets.ts';
import { fleetName, intentId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html: any expression string. */
const EXPRESSION_BYTES_MAX = 4_096;

/** The embedded DynamoDB takes longer ones, so this is measured on what is sent. */
describe('what the fleets table is sent', () => {
  it('keeps to the length of an expression, though every pool that a request may name has refused', async () => {
    const lengths: number[] = [];
    const client = {
      send: async ({ input }: { readonly input: { readonly UpdateExpression?: string } }) => {
        lengths.push(input.UpdateExpression?.length ?? 0);
        return {};
      },
    } as unknown as DynamoDBDocumentClient;
    const lesson = { strikes: 1, refusedAt: epochMs(7_000) };
    const refused = Array.from({ length: 300 }, (_, number) => [`c7g.${number}xlarge/eu-west-1a/spot`, lesson]);
    const store = dynamoFleetStore({ client, tableName: 'fleets' });
    await store.closeIntent(fleetName('index'), intentId('intent'), { pools: Object.fromEntries(refused) });
    expect(Math.max(...lengths)).toBeGreaterThan(0);
    expect(lengths.filter((length) => length > EXPRESSION_BYTES_MAX)).toEqual([]);
  });
});
