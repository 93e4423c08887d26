import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ec2Machines } from '../../lib/aws/machines.ts';
import { ec2FleetId, fleetName, type InstanceId, instanceId, intentId } from '../../lib/fleet/ids.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import { EC2_FLEET_TAG, FLEET_TAG, INTENT_TAG, STACK_TAG } from '../../lib/fleet/tags.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { localSubnetId } from '../../lib/local/ec2/network.ts';
import { exampleMarket } from '../../lib/market/settings.ts';
import type { LaunchAnswer, LaunchRequest, Machines } from '../../lib/ports/machines.ts';
import { type MemoryMachines, memoryMachines } from '../../lib/simulator/ports/memory-machines.ts';
import { openEc2Cloud } from '../local/ec2/ec2-cloud.ts';
import { manualClock } from '../support/manual-clock.ts';
import { MANY_SEQUENCES_MS } from './support/samples.ts';

/**
 * EC2 in memory beside the adapter on the local cloud's EC2, whose pools have three machines each. What is compared is what
 * the service goes by: how many came, by which token, who is told of a machine, what its ending comes to. Where the two are
 * different is written at the head of lib/simulator/ports/memory-machines.ts.
 */

const START = Date.UTC(2026, 0, 5);
const IN_POOL = 3;
const POOLS: readonly Pool[] = [
  { instanceType: 'c5.large', zone: 'us-east-1a', purchase: 'spot' },
  { instanceType: 'm5.large', zone: 'us-east-1b', purchase: 'spot' },
];
const FLEETS = [fleetName('encode'), fleetName('index')] as const;
const STRANGER = instanceId('i-0fffffffffffffff0');

type Call =
  | { readonly does: 'launch'; readonly intent: number; readonly count: number; readonly pools: readonly number[] }
  | { readonly does: 'describe-fleet'; readonly fleet: number }
  | { readonly does: 'describe' | 'terminate'; readonly machines: readonly number[]; readonly withStranger: boolean }
  | { readonly does: 'token-of'; readonly launch: number };

/** Of machines and launches in the order in which they came; whichever are not there are left out. */
const place = fc.nat({ max: 5 });
const calls: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('launch' as const),
      intent: fc.nat({ max: 3 }),
      // Which of several pools gives how many is EC2's own affair, unless all of them give all that they have.
      ...{ count: fc.integer({ min: 1, max: 4 }), pools: fc.constantFrom([0], [1], [0, 1]) },
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('describe-fleet' as const), fleet: fc.nat({ max: 1 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('describe' as const, 'terminate' as const),
      machines: fc.uniqueArray(place, { maxLength: 4 }),
      withStranger: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('token-of' as const), launch: place }) },
);

const isLiving = (state: string): boolean => state === 'pending' || state === 'running';

/** One of the two forms with the ids that it gave, so that both are asked about the same machine. */
class Asked {
  readonly machines: InstanceId[] = [];
  readonly #launches: string[] = [];
  readonly #ec2: Machines;
  readonly #templateId: string;

  constructor(ec2: Machines, templateId: string) {
    this.#ec2 = ec2;
    this.#templateId = templateId;
  }

  async ask(call: Call): Promise<unknown> {
    switch (call.does) {
      case 'launch':
        return this.#told(
          await this.#ec2.launch(this.#ec2.serialise(this.#request(call))),
          call.pools.length === 1 ? call.count : 2 * IN_POOL + 1,
        );
      case 'describe-fleet':
        return this.#described(await this.#ec2.describeFleet(FLEETS[call.fleet]!));
      case 'describe':
        return this.#described(await this.#ec2.describe(this.#idsOf(call)));
      case 'terminate': {
        const outcome = await this.#ec2.terminate(this.#idsOf(call));
        return { ended: this.#places(outcome.ended), notFound: outcome.notFound, refused: outcome.refused };
      }
      case 'token-of':
        return this.#ec2.tokenOf(
          ec2FleetId(this.#launches[call.launch] ?? 'fleet-00000000-0000-0000-0000-000000000000'),
        );
    }
  }

  #request({ intent, count, pools }: Extract<Call, { does: 'launch' }>): LaunchRequest {
    return {
      token: `intent-${intent}`,
      fleet: FLEETS[intent % 2]!,
      intentId: intentId(`intent-${intent}`),
      pools: pools.map((index) => ({ pool: POOLS[index]!, subnetId: localSubnetId(index), priority: index })),
      count: pools.length === 1 ? count : 2 * IN_POOL + 1,
      launchTemplateId: this.#templateId,
      launchTemplateVersion: '1',
      tags: { team: 'video' },
    };
  }

  #idsOf({ machines, withStranger }: Extract<Call, { does: 'describe' | 'terminate' }>): readonly InstanceId[] {
    const known = machines.flatMap((number) => this.machines[number] ?? []);
    return withStranger ? [...known, STRANGER] : known;
  }

  #places(ids: readonly InstanceId[]): readonly number[] {
    return ids.map((id) => this.machines.indexOf(id)).sort();
  }

  #told(answer: LaunchAnswer, count: number): unknown {
    if (!answer.answered) return { answered: false, code: answer.code };
    const isNew = answer.ec2FleetId !== undefined && !this.#launches.includes(answer.ec2FleetId);
    if (isNew) {
      this.#launches.push(answer.ec2FleetId!);
      const byZone = answer.machines.toSorted((one, other) => one.pool.zone.localeCompare(other.pool.zone));
      this.machines.push(...byZone.map(({ instanceId: id }) => id));
    }
    // A pool that fell short is told of also where others made up for it; the model is silent about those.
    const isShort = answer.machines.length < count;
    const classes = isShort ? [...new Set(answer.refusals.map((refusal) => refusal.class))] : 'met';
    return {
      isNew,
      given: answer.machines.length,
      places: this.#places(answer.machines.map((one) => one.instanceId)),
      classes,
    };
  }

  #described(machines: Awaited<ReturnType<Machines['describe']>>): unknown {
    const told = machines.map(({ instanceId: id, state, tags, stateReasonCode, launchedAt, pool }) => ({
      place: this.machines.indexOf(id),
      isLiving: isLiving(state),
      stack: tags[STACK_TAG],
      fleet: tags[FLEET_TAG],
      intent: tags[INTENT_TAG],
      team: tags['team'],
      ofLaunch: this.#launches.indexOf(tags[EC2_FLEET_TAG] ?? ''),
      stateReasonCode,
      launchedAt,
      purchase: pool.purchase,
    }));
    return told.sort((one, other) => one.place - other.place);
  }
}

const refill = (memory: MemoryMachines): void => {
  for (const pool of POOLS) {
    const living = memory.all().filter((one) => isLiving(one.state) && one.pool.zone === pool.zone);
    memory.setCapacity(pool, IN_POOL - living.length);
  }
};

describe('EC2 in memory and the adapter on an EC2 that is served', () => {
  test('launch, show, prove and end alike', { timeout: 2 * MANY_SEQUENCES_MS }, async () => {
    const seen = new Set<string>();
    const oneRun = async (sequence: readonly Call[]): Promise<void> => {
      const clock = manualClock(START);
      const market = exampleMarket(7, epochMs(START), {
        restlessness: 0,
        poolMachines: { least: IN_POOL, most: IN_POOL },
      });
      const cloud = await openEc2Cloud({ clock, market });
      try {
        const stackTag = 'spothop-test';
        const templateId = await cloud.makeTemplate();
        const memory = memoryMachines(clock, stackTag);
        for (const pool of POOLS) memory.setCapacity(pool, IN_POOL);
        const inMemory = new Asked(memory, templateId);
        const served = new Asked(
          ec2Machines({ client: cloud.client, launchClient: cloud.client, stackTag }),
          templateId,
        );
        for (const call of sequence) {
          const expected = await inMemory.ask(call);
          expect(await served.ask(call), JSON.stringify(call)).toStrictEqual(expected);
          seen.add(call.does);
          // The model's pools get nothing back from machines that end; EC2's may, and the served one's do.
          if (call.does === 'terminate') refill(memory);
        }
      } finally {
        await cloud.close();
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(calls, { minLength: 3, maxLength: 12 }), oneRun), { numRuns: 100 });
    expect(seen.size).toBe(5);
  });
});
