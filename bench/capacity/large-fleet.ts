import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import type { PoolMemory } from '../../lib/fleet/fleet.ts';
import { ec2FleetId, fleetName, type InstanceId, instanceId, intentId, sessionId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { type Pool, poolKey } from '../../lib/fleet/pool.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { draw } from '../../lib/market/draw.ts';

export const NOW = epochMs(1_767_225_600_000);

const SEED = 1;
const ZONES = 10;
const HOUR_MS = 3_600_000;

const poolNumber = (number: number): Pool => ({
  instanceType: `c${Math.floor(number / ZONES)}g.large`,
  zone: `us-east-1${'abcdefghij'[number % ZONES]}`,
  purchase: 'spot',
});

const recordOf = (number: number, pool: Pool): InstanceRecord => {
  const at = { at: NOW, recordedAt: NOW };
  const fate = draw(SEED, 'fate', number);
  return {
    form: 1,
    instanceId: instanceId(`i-${number.toString(16).padStart(17, '0')}`),
    fleet: fleetName('large'),
    intentId: intentId('intent-1'),
    ec2FleetId: ec2FleetId('fleet-1'),
    pool,
    launchedAt: addMs(NOW, -HOUR_MS * draw(SEED, 'age', number)),
    session: sessionId('session-1'),
    heartbeatAt: NOW,
    leases: fate < 0.7 ? { [`task-${number}`]: 1 } : {},
    signals:
      fate < 0.02 ? { 'spot-interruption': at } : fate < 0.1 ? { 'rebalance-recommendation': at } : ({} as const),
    ...(fate < 0.02 ? { drainingAt: NOW } : {}),
  };
};

/** Counts how often a decision asks for a machine's item. */
class CountingMap extends Map<InstanceId, InstanceRecord> {
  lookUps = 0;
  override get(id: InstanceId): InstanceRecord | undefined {
    this.lookUps += 1;
    return super.get(id);
  }
}

/** A fleet in an eventful minute: some machines warned, some recommended to move, a tenth of its pools set aside, prices of all known. */
export const largeFleet = (machines: number, poolCount: number) => {
  const pools = Array.from({ length: poolCount }, (_, number) => poolNumber(number));
  const all = Array.from({ length: machines }, (_, number) => recordOf(number, pools[number % poolCount]!));
  const records = new CountingMap(all.map((record) => [record.instanceId, record]));
  const prices = Object.fromEntries(
    pools.map(({ instanceType, zone }, number) => [
      `${instanceType}/${zone}`,
      Math.round(20_000 + 75_000 * draw(SEED, 'price', number)),
    ]),
  );
  const memory = pools
    .filter((_, number) => draw(SEED, 'trouble', number) < 0.1)
    .map((pool): [string, PoolMemory] => [poolKey(pool), { strikes: 1, reclaimedAt: NOW }]);
  const view: CapacityView = {
    state: {
      head: {
        fleet: fleetName('large'),
        generation: 1,
        openIntents: {},
        answered: {},
        pools: Object.fromEntries(memory),
      },
      members: all.map(({ instanceId: id, intentId: intent, pool, launchedAt }) => ({
        instanceId: id,
        intentId: intent,
        pool,
        launchedAt,
      })),
    },
    records,
    backlog: { waiting: machines, inFlight: 0, delayed: 0 },
    policy: {
      machinesMin: 0,
      machinesMax: machines,
      targetBacklog: 1,
      spotPercentMax: 90,
      spotStrategy: 'capacity',
      onDemandBase: 0,
      onDemandFallback: true,
      onDemandMax: machines,
      places: pools.map(({ instanceType, zone }) => ({ instanceType, zone, subnetId: 'subnet-1' })),
    },
    drainPolicy: { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' },
    outdated: new Set(),
    prices: {
      form: 1,
      readAt: NOW,
      slowReadAt: NOW,
      spot: prices,
      onDemand: Object.fromEntries(pools.map(({ instanceType }) => [instanceType, 100_000])),
      scores: {},
      losses: {},
    },
    makeIntent: ({ purchase, count, reason }) => ({
      intentId: intentId('intent-2'),
      purchase,
      count,
      reason,
      request: '{}',
      openedAt: NOW,
    }),
  };
  return { view, lookUps: () => records.lookUps };
};
