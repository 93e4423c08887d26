import { GetSpotPlacementScoresCommand } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ec2PlacementScores } from '../../../lib/aws/placement-scores.ts';
import { awsPrices } from '../../../lib/aws/prices.ts';
import { epochMs } from '../../../lib/fleet/time.ts';
import { createMarket } from '../../../lib/market/market.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { memoryPrices } from '../../../lib/simulator/ports/memory-prices.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { type Ec2Cloud, openEc2Cloud } from './ec2-cloud.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const TYPES = ['c5.large', 'c6i.large', 'm5.large'];
const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];

const SETTINGS = { ...exampleMarket(7, epochMs(START), { restlessness: 0 }), poolMachines: { least: 4, most: 4 } };

let clock: ManualClock;
let cloud: Ec2Cloud;

beforeEach(async () => {
  clock = manualClock(START);
  cloud = await openEc2Cloud({ clock, market: SETTINGS });
});
afterEach(() => cloud.close());

const scores = () => ec2PlacementScores({ client: cloud.client, region: 'us-east-1' });

describe('placement scores, by the real client', () => {
  test('name zones as machines do, and say in tenths how much of what is wanted there is room for', async () => {
    const asked = await scores().byZone(TYPES, 24);
    expect([...asked]).toEqual(ZONES.map((zone) => [zone, 5]));
    expect([...(await scores().byZone(TYPES, 6)).values()]).toEqual([10, 10, 10]);
    expect([...(await scores().byZone(TYPES, 9_000)).values()]).toEqual([1, 1, 1]);
  });

  test('are low for few types, as EC2 says that they always are', async () => {
    expect([...(await scores().byZone(TYPES.slice(0, 2), 4)).values()]).toEqual([1, 1, 1]);
  });

  test('are absent for another Region, and refused without a size or without zones', async () => {
    const elsewhere = ec2PlacementScores({ client: cloud.client, region: 'eu-west-1' });
    expect(await elsewhere.byZone(TYPES, 4)).toEqual(new Map());
    const none = new GetSpotPlacementScoresCommand({ TargetCapacity: 0, SingleAvailabilityZone: true });
    await expect(cloud.client.send(none)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const regions = new GetSpotPlacementScoresCommand({ TargetCapacity: 4 });
    await expect(cloud.client.send(regions)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
  });
});

describe('spot prices, by the real client, and those of the same market in memory', () => {
  test('are the same: over an interval, and at an instant, with the change that was last before', async () => {
    await clock.advance(30 * HOUR);
    const market = createMarket(SETTINGS);
    const pricing = new PricingClient({ region: 'us-east-1' });
    const overHttp = awsPrices({ ec2: cloud.client, pricing, region: 'us-east-1' });
    const changes = new Map(
      market.pools.map((pool) => [
        `${pool.instanceType}/${pool.zone}`,
        market.priceChanges(pool, epochMs(START), epochMs(START + 30 * HOUR)),
      ]),
    );
    const inMemory = memoryPrices(changes, new Map());
    for (const [from, to] of [
      [20, 30],
      [30, 30],
    ] as const) {
      const interval = [epochMs(START + from * HOUR), epochMs(START + to * HOUR)] as const;
      const expected = await inMemory.spotHistory(TYPES, ZONES, ...interval);
      const answered = await overHttp.spotHistory(TYPES, ZONES, ...interval);
      expect(answered.size).toBe(9);
      expect(new Map([...answered].toSorted())).toEqual(new Map([...expected].toSorted()));
    }
  });
});
