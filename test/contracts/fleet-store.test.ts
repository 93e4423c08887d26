import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoFleetStore } from '../../lib/aws/fleets.ts';
import type { Intent, Member, PoolMemory } from '../../lib/fleet/fleet.ts';
import { ec2FleetId, type FleetName, fleetName, type IntentId, intentId } from '../../lib/fleet/ids.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import type { SignalKind } from '../../lib/fleet/signal.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { UnknownForm } from '../../lib/fleet/unknown-form.ts';
import type { FleetStore, HeadChange } from '../../lib/ports/fleets.ts';
import { memoryFleetStore } from '../../lib/simulator/ports/memory-fleet-store.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { instanceOf, MANY_SEQUENCES_MS } from './support/samples.ts';

let table: Awaited<ReturnType<typeof startDynamo>>;
let stored: FleetStore;
beforeAll(async () => {
  table = await startDynamo();
  stored = dynamoFleetStore({ client: table.client, tableName: 'fleets' });
});
afterAll(() => table.stop());

const POOLS = ['c7g.large/eu-west-1a/spot', 'c7g.large/eu-west-1b/on-demand'] as const;

const intentOf = (number: number): Intent => ({
  intentId: intentId(`intent.${number}`),
  purchase: 'spot',
  count: number + 1,
  request: '{"ClientToken":"intent"}',
  reason: 'two wanted, none had',
  openedAt: epochMs(5_000),
});

const memberOf = (run: number, number: number): Member => ({
  instanceId: instanceOf(run, number),
  intentId: intentId(`intent.${number}`),
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: epochMs(6_000 + number),
});

/** One call of the port, said about the ids of each run; its facts are what a counterexample shows. */
interface Call {
  readonly name: string;
  readonly facts: unknown;
  readonly on: (run: number) => (store: FleetStore) => Promise<unknown>;
}

const call = <Facts>(
  name: string,
  facts: fc.Arbitrary<Facts>,
  on: (facts: Facts, run: number, fleet: FleetName) => (store: FleetStore) => Promise<unknown>,
): fc.Arbitrary<Call> =>
  facts.map((fact) => ({ name, facts: fact, on: (run) => on(fact, run, fleetName(`fleet-${run}`)) }));

const number = fc.integer({ min: 0, max: 1 });
const memory: fc.Arbitrary<PoolMemory> = fc.record(
  { strikes: fc.integer({ min: 0, max: 3 }), refusedAt: fc.integer({ min: 1, max: 9_000 }).map(epochMs) },
  { noNullPrototype: true },
);
const pools = fc.dictionary(fc.constantFrom(...POOLS), memory, { maxKeys: 2, noNullPrototype: true });
const rest = fc.option(fc.integer({ min: 1, max: 9_000 }).map(epochMs), { nil: undefined });
const lesson = fc
  .record({ pools, rest })
  .map((drawn) => ({ pools: drawn.pools, ...(drawn.rest === undefined ? {} : { restUntil: drawn.rest }) }));

/** Mostly on the generation that is there, as a reconcile would that nobody raced. */
const changeHead = call(
  'changeHead',
  fc.record({ late: fc.constantFrom(0, 0, 0, 1), open: fc.uniqueArray(number, { maxLength: 2 }), lesson }),
  (fact, _run, fleet) => async (store) => {
    const { generation } = (await store.read(fleet)).head;
    const change: HeadChange = { open: fact.open.map(intentOf), ...fact.lesson };
    return store.changeHead(fleet, Math.max(0, generation - fact.late), change);
  },
);
const closeIntent = call(
  'closeIntent',
  fc.record({ number, lesson }),
  (fact, _run, fleet) => (store) => store.closeIntent(fleet, intentOf(fact.number).intentId, fact.lesson),
);
const addMember = call(
  'addMember',
  number,
  (fact, run, fleet) => (store) => store.addMember(fleet, memberOf(run, fact)),
);
const removeMember = call(
  'removeMember',
  number,
  (fact, run, fleet) => (store) => store.removeMember(fleet, instanceOf(run, fact)),
);
const recordAnswer = call(
  'recordAnswer',
  fc.record({ number, intent: number }),
  (fact, _run, fleet) => (store) =>
    store.recordAnswer(fleet, intentOf(fact.intent).intentId, ec2FleetId(`fleet-${fact.number}`)),
);
const notePool = call(
  'notePool',
  fc.record({ pool: fc.constantFrom(...POOLS), memory }),
  (fact, _run, fleet) => (store) => store.notePool(fleet, fact.pool, fact.memory),
);
const noteRunTimes = call(
  'noteRunTimes',
  fc.record({ samples: number, halfMs: number, nineTenthsMs: number }, { noNullPrototype: true }),
  (fact, _run, fleet) => (store) => store.noteRunTimes(fleet, fact),
);
const noteUnfinishedSince = call(
  'noteUnfinishedSince',
  fc.integer({ min: 1, max: 9 }).map(epochMs),
  (fact, _run, fleet) => (store) => store.noteUnfinishedSince(fleet, fact),
);
const noteSpotAway = call(
  'noteSpotAway',
  fc.option(fc.integer({ min: 1, max: 9 }).map(epochMs), { nil: undefined }),
  (fact, _run, fleet) => (store) => store.noteSpotAway(fleet, fact),
);
const micros = fc.integer({ min: 1, max: 9_000_000 });
const board: fc.Arbitrary<PriceBoard> = fc.record(
  {
    form: fc.constant(1 as const),
    readAt: fc.integer({ min: 1, max: 9_000 }).map(epochMs),
    slowReadAt: fc.integer({ min: 1, max: 9_000 }).map(epochMs),
    spot: fc.dictionary(fc.constantFrom('c7g.large/eu-west-1a', 'c7g.large/eu-west-1b'), micros, {
      noNullPrototype: true,
    }),
    onDemand: fc.dictionary(fc.constant('c7g.large'), micros, { noNullPrototype: true }),
    scores: fc.dictionary(fc.constant('eu-west-1a'), fc.integer({ min: 1, max: 10 }), { noNullPrototype: true }),
    losses: fc.dictionary(
      fc.constant('c7g.large/eu-west-1a'),
      fc.record(
        { hours: fc.integer({ min: 0, max: 900 }), losses: fc.constantFrom(0, 0.5, 3) },
        { noNullPrototype: true },
      ),
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);
const putPrices = call('putPrices', board, (fact, _run, fleet) => (store) => store.putPrices(fleet, fact));
const prices = call('prices', fc.constant(0), (_fact, _run, fleet) => (store) => store.prices(fleet));
const kinds: fc.Arbitrary<SignalKind> = fc.constantFrom('spot-interruption', 'rebalance-recommendation');
/** Around the hour after which an unclaimed warning is forgotten. */
const lateness = fc.constantFrom(0, 1_000, 3_599_999, 3_600_000, 7_200_000);
const keepUnclaimed = call(
  'keepUnclaimed',
  fc.record({ number, kind: kinds, at: lateness }),
  (fact, run) => (store) =>
    store.keepUnclaimed(
      { kind: fact.kind, instanceId: instanceOf(run, fact.number), at: epochMs(77), action: 'terminate' },
      epochMs(10_000_000 + fact.at),
    ),
);
const unclaimed = call(
  'unclaimed',
  fc.record({ number, at: lateness }),
  (fact, run) => (store) => store.unclaimed(instanceOf(run, fact.number), epochMs(10_000_000 + fact.at)),
);
const read = call('read', fc.constant(0), (_fact, _run, fleet) => (store) => store.read(fleet));

const calls: fc.Arbitrary<Call> = fc.oneof(
  { weight: 5, arbitrary: changeHead },
  { weight: 3, arbitrary: closeIntent },
  { weight: 2, arbitrary: addMember },
  { weight: 1, arbitrary: removeMember },
  { weight: 2, arbitrary: recordAnswer },
  { weight: 2, arbitrary: notePool },
  { weight: 1, arbitrary: noteRunTimes },
  { weight: 2, arbitrary: noteUnfinishedSince },
  { weight: 2, arbitrary: noteSpotAway },
  { weight: 2, arbitrary: putPrices },
  { weight: 2, arbitrary: prices },
  { weight: 3, arbitrary: keepUnclaimed },
  { weight: 3, arbitrary: unclaimed },
  { weight: 2, arbitrary: read },
);

describe('the fleet store in memory and the one in DynamoDB', () => {
  test('answer every call alike and end in the same state', { timeout: MANY_SEQUENCES_MS }, async () => {
    const seen = new Set<string>();
    let run = 0;
    const oneRun = async (sequence: readonly Call[]): Promise<void> => {
      run += 1;
      const inMemory = memoryFleetStore();
      for (const drawn of sequence) {
        const { name } = drawn;
        const on = drawn.on(run);
        const expected = await on(inMemory);
        expect(await on(stored), name).toStrictEqual(expected);
        seen.add(typeof expected === 'string' ? `${name} ${expected}` : name);
      }
      const fleet = fleetName(`fleet-${run}`);
      expect(await stored.read(fleet)).toStrictEqual(await inMemory.read(fleet));
    };
    const sequences = fc.array(calls, { minLength: 6, maxLength: 20 });
    await fc.assert(fc.asyncProperty(sequences, oneRun), { numRuns: 100 });
    expect(seen).toContain('changeHead done');
    expect(seen).toContain('changeHead lost');
  });
});

test('prices in a form of another version are as good as none', async () => {
  const fleet = fleetName('dear');
  await table.client.send(
    new PutCommand({ TableName: 'fleets', Item: { fleet: '~prices/dear', part: 'board', form: 2, quotes: [] } }),
  );
  expect(await stored.prices(fleet)).toBeUndefined();
});

describe('the head of a fleet', () => {
  test('is changed by exactly one of many reconciles that read the same generation', async () => {
    const fleet = fleetName('raced');
    const change = (loser: number) => stored.changeHead(fleet, 0, { open: [intentOf(loser)] });
    const outcomes = await Promise.all([0, 1, 2, 3, 4, 5].map(change));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect((await stored.read(fleet)).head).toMatchObject({ generation: 1 });
  });

  test('is raised once by an intent that is closed twice', async () => {
    const fleet = fleetName('closed-twice');
    const closing = (id: IntentId) => stored.closeIntent(fleet, id, { pools: { [POOLS[0]]: { strikes: 1 } } });
    await stored.changeHead(fleet, 0, { open: [intentOf(0), intentOf(1)] });
    await closing(intentOf(0).intentId);
    await closing(intentOf(0).intentId);
    const { head } = await stored.read(fleet);
    expect(head.generation).toBe(2);
    expect(Object.keys(head.openIntents)).toStrictEqual(['intent.1']);
    expect(head.pools).toStrictEqual({ 'c7g.large/eu-west-1a/spot': { strikes: 1 } });
  });

  test('that another version wrote is neither read nor changed', async () => {
    const fleet = fleetName('from-the-future');
    const future = { fleet, part: 'head', form: 2, generation: 4, openIntents: {} };
    await table.client.send(new PutCommand({ TableName: 'fleets', Item: future }));
    await expect(stored.read(fleet)).rejects.toThrow(UnknownForm);
    await expect(stored.changeHead(fleet, 4, { open: [intentOf(0)] })).rejects.toThrow(UnknownForm);
    const kept = await table.client.send(new GetCommand({ TableName: 'fleets', Key: { fleet, part: 'head' } }));
    expect(kept.Item).toEqual(future);
  });
});

describe.each(['memory', 'DynamoDB'])('a launch that as many pools refused as one request may name, in %s', (where) => {
  test('closes its intent with what each of them taught', async () => {
    const store = where === 'memory' ? memoryFleetStore() : stored;
    const fleet = fleetName('refused-everywhere');
    await store.changeHead(fleet, 0, { open: [intentOf(0)] });
    const pool = (number: number) => `c7g.${number}xlarge/eu-west-1a/spot`;
    const lesson = { strikes: 1, refusedAt: epochMs(7_000) };
    const pools = Object.fromEntries(Array.from({ length: 300 }, (_, number) => [pool(number), lesson]));
    await store.closeIntent(fleet, intentOf(0).intentId, { pools, restUntil: epochMs(9_000) });
    const { head } = await store.read(fleet);
    expect(head).toMatchObject({ openIntents: {}, generation: 2, restUntil: 9_000 });
    expect(head.pools).toEqual(pools);
  });
});

describe('a fleet of many machines', () => {
  test('is read whole, over several pages of the table', async () => {
    const fleet = fleetName('many');
    const padding = 'x'.repeat(6_000);
    const members = Array.from({ length: 240 }, (_, index) => ({
      ...memberOf(1_000_000, 0),
      instanceId: instanceOf(9_000_000 + index, 0),
      intentId: intentId(padding),
    }));
    for (const member of members) await stored.addMember(fleet, member);
    expect((await stored.read(fleet)).members).toHaveLength(240);
  });
});

describe.each(['memory', 'DynamoDB'])('a warning that nobody claimed, in %s', (where) => {
  test('stays as it first came for an hour, and makes room for the next one then', async () => {
    const store = where === 'memory' ? memoryFleetStore() : stored;
    const machine = instanceOf(8_000_000, 0);
    const warn = (at: number, now: number) =>
      store.keepUnclaimed({ kind: 'spot-interruption', instanceId: machine, at: epochMs(at) }, epochMs(now));
    await warn(1, 10_000_000);
    await warn(2, 13_599_999);
    expect(await store.unclaimed(machine, epochMs(13_599_999))).toStrictEqual([
      { kind: 'spot-interruption', at: 1, recordedAt: 10_000_000 },
    ]);
    expect(await store.unclaimed(machine, epochMs(13_600_000))).toStrictEqual([]);
    await warn(3, 13_600_000);
    expect(await store.unclaimed(machine, epochMs(13_600_000))).toStrictEqual([
      { kind: 'spot-interruption', at: 3, recordedAt: 13_600_000 },
    ]);
  });
});
