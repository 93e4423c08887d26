import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { instanceId, taskId } from '../../lib/fleet/ids.ts';
import { LEASES_CHANGED_MAX } from '../../lib/fleet/limits.ts';
import type { Signal, SignalKind } from '../../lib/fleet/signal.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { UnknownForm } from '../../lib/fleet/unknown-form.ts';
import type { InstanceStore } from '../../lib/ports/instances.ts';
import { memoryInstanceStore } from '../../lib/simulator/ports/memory-instance-store.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { instanceOf, instants, launchedRecord, MANY_SEQUENCES_MS, SESSIONS, taskOf } from './support/samples.ts';

let table: Awaited<ReturnType<typeof startDynamo>>;
let stored: InstanceStore;
beforeAll(async () => {
  table = await startDynamo();
  stored = dynamoInstanceStore({
    client: table.client,
    tableName: 'instances',
    account: '111122223333',
    region: 'eu-west-1',
  });
});
afterAll(() => table.stop());

/** One call of the port, said about the ids of each run; its facts are what a counterexample shows. */
interface Call {
  readonly name: string;
  readonly facts: unknown;
  readonly on: (run: number) => (store: InstanceStore) => Promise<unknown>;
}

const kinds: fc.Arbitrary<SignalKind> = fc.constantFrom(
  'spot-interruption',
  'rebalance-recommendation',
  'leave',
  'leave',
);
const machine = fc.constantFrom(0, 0, 1);
const session = fc.constantFrom(SESSIONS[0], SESSIONS[0], SESSIONS[0], SESSIONS[1]);
const attempt = fc.integer({ min: 1, max: 2 });
const task = fc.integer({ min: 0, max: 2 });
const now = instants;

const signalOf = (run: number, drawn: { machine: number; kind: SignalKind; deadline: number | undefined }): Signal => ({
  kind: drawn.kind,
  instanceId: instanceOf(run, drawn.machine),
  at: epochMs(900),
  ...(drawn.deadline === undefined ? {} : { deadline: epochMs(drawn.deadline) }),
});

const call = <Facts>(
  name: string,
  facts: fc.Arbitrary<Facts>,
  on: (facts: Facts, run: number) => (store: InstanceStore) => Promise<unknown>,
): fc.Arbitrary<Call> => facts.map((fact) => ({ name, facts: fact, on: (run) => on(fact, run) }));

const create = call('create', machine, (number, run) => (store) => store.create(launchedRecord(run, number)));
const recordSignal = call(
  'recordSignal',
  fc.record({ machine, kind: kinds, deadline: fc.option(instants, { nil: undefined }), drains: fc.boolean(), now }),
  (fact, run) => (store) => store.recordSignal(signalOf(run, fact), fact.drains && fact.kind !== 'leave', fact.now),
);
const withdraw = call(
  'withdraw',
  fc.record({ machine, kind: fc.constantFrom('leave' as const, 'scheduled-change' as const) }),
  (fact, run) => (store) => store.withdraw(instanceOf(run, fact.machine), fact.kind),
);
const openSession = call(
  'openSession',
  fc.record({ machine, session, now }),
  (fact, run) => (store) => store.openSession(instanceOf(run, fact.machine), fact.session, fact.now, '1.2.3'),
);
const runTimes = fc.record({ samples: fc.nat(), halfMs: fc.nat(), nineTenthsMs: fc.nat() }, { noNullPrototype: true });
const heartbeat = call(
  'heartbeat',
  fc.record({ machine, session, now, runTimes: fc.option(runTimes, { nil: undefined }) }),
  (fact, run) => (store) => {
    const report = fact.runTimes === undefined ? {} : { runTimes: fact.runTimes };
    return store.heartbeat(instanceOf(run, fact.machine), fact.session, fact.now, report);
  },
);
const changeLeases = call(
  'changeLeases',
  fc.record({
    machine,
    session,
    now,
    holds: fc.uniqueArray(fc.record({ task, attempt }), { maxLength: 3, selector: (hold) => hold.task }),
    unholds: fc.uniqueArray(task, { maxLength: 3 }),
  }),
  ({ machine: number, session: ours, now: instant, holds, unholds }, run) =>
    (store) =>
      store.changeLeases(
        {
          instanceId: instanceOf(run, number),
          session: ours,
          holds: holds.map((hold) => ({ taskId: taskOf(run, hold.task), attempt: hold.attempt })),
          unholds: unholds.map((given) => taskOf(run, given)),
        },
        instant,
      ),
);
const dropLease = call(
  'dropLease',
  fc.record({ machine, task, attempt }),
  (fact, run) => (store) => store.dropLease(instanceOf(run, fact.machine), taskOf(run, fact.task), fact.attempt),
);
const markGone = call(
  'markGone',
  fc.record({ machine, now }),
  (fact, run) => (store) => store.markGone(instanceOf(run, fact.machine), fact.now),
);

const markGroupStep = call(
  'markGroupStep',
  fc.record({
    machine,
    mark: fc.constantFrom('detachedAt' as const, 'deregisteredAt' as const, 'lifecycleCompletedAt' as const),
    now,
  }),
  (fact, run) => (store) => store.markGroupStep(instanceOf(run, fact.machine), fact.mark, fact.now),
);

const calls: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 2, arbitrary: recordSignal },
  { weight: 1, arbitrary: withdraw },
  { weight: 4, arbitrary: openSession },
  { weight: 2, arbitrary: heartbeat },
  { weight: 10, arbitrary: changeLeases },
  { weight: 2, arbitrary: dropLease },
  { weight: 1, arbitrary: markGone },
  { weight: 1, arbitrary: markGroupStep },
);

/** How nearly every machine's life begins, so that a short sequence gets past the beginning. */
const beginning: readonly Call[] = [
  { name: 'create', facts: 0, on: (run) => (store) => store.create(launchedRecord(run, 0)) },
  {
    name: 'openSession',
    facts: 0,
    on: (run) => (store) => store.openSession(instanceOf(run, 0), SESSIONS[0], epochMs(900), '1.2.3'),
  },
];

const outcomeOf = (name: string, answer: unknown): string => {
  const { outcome, because } = (answer ?? {}) as { outcome?: string; because?: string };
  return [name, outcome, because].filter((word) => word !== undefined).join(' ');
};

describe('the instance store in memory and the one in DynamoDB', () => {
  test('answer every call alike and end with the same items', { timeout: MANY_SEQUENCES_MS }, async () => {
    const seen = new Set<string>();
    let run = 0;
    const oneRun = async (sequence: readonly Call[]): Promise<void> => {
      run += 1;
      const memory = memoryInstanceStore();
      for (const drawn of [...beginning, ...sequence]) {
        const { name } = drawn;
        const on = drawn.on(run);
        const expected = await on(memory);
        expect(await on(stored), name).toStrictEqual(expected);
        seen.add(outcomeOf(name, expected));
      }
      for (const number of [0, 1]) {
        expect(await stored.get(instanceOf(run, number))).toStrictEqual(await memory.get(instanceOf(run, number)));
      }
    };
    const sequences = fc.array(calls, { minLength: 6, maxLength: 18 });
    await fc.assert(fc.asyncProperty(sequences, oneRun), { numRuns: 100 });
    for (const because of ['no-item', 'draining', 'leaving', 'other-session']) {
      expect(seen).toContain(`changeLeases refused ${because}`);
    }
    expect(seen).toContain('changeLeases done');
    expect(seen).toContain('openSession refused other-session');
  });
});

describe('a drain', () => {
  test('answers exactly the tasks whose holds were granted, with all of them racing it (N6)', async () => {
    const id = instanceId('i-0000000000000dead');
    await stored.create({ ...launchedRecord(0, 0), instanceId: id });
    await stored.openSession(id, SESSIONS[0], epochMs(1), '1.2.3');
    const hold = (number: number) =>
      stored.changeLeases(
        { instanceId: id, session: SESSIONS[0], holds: [{ taskId: taskId(`race/${number}`), attempt: 1 }] },
        epochMs(2),
      );
    const notice: Signal = { kind: 'spot-interruption', instanceId: id, at: epochMs(3) };
    const before = Array.from({ length: 15 }, (_, number) => hold(number));
    const drain = stored.recordSignal(notice, true, epochMs(4));
    const after = Array.from({ length: 15 }, (_, number) => hold(number + 15));
    const outcomes = await Promise.all([...before, ...after]);
    const granted = outcomes.flatMap(({ outcome }, number) => (outcome === 'done' ? [`race/${number}`] : []));
    expect(Object.keys((await drain)!.leases).sort()).toStrictEqual(granted.sort());
    expect((await stored.get(id))!.leases).toStrictEqual((await drain)!.leases);
  });

  test('answers an agent whose hold was written before it, and whose reply was lost, that it holds the task', async () => {
    const id = instanceId('i-0000000000000beef');
    const lost = { taskId: taskId('lost.reply'), attempt: 3 };
    const hold = { instanceId: id, session: SESSIONS[0], holds: [lost] };
    await stored.create({ ...launchedRecord(0, 0), instanceId: id });
    await stored.openSession(id, SESSIONS[0], epochMs(1), '1.2.3');
    await stored.changeLeases(hold, epochMs(2));
    await stored.recordSignal({ kind: 'operator-drain', instanceId: id, at: epochMs(3) }, true, epochMs(3));
    expect(await stored.changeLeases(hold, epochMs(4))).toMatchObject({ outcome: 'done' });
    const newer = { ...hold, holds: [lost, { ...lost, taskId: taskId('another') }] };
    expect(await stored.changeLeases(newer, epochMs(5))).toMatchObject({ outcome: 'refused', because: 'draining' });
  });
});

describe('one write for many leases', () => {
  /** As long as an id may be, with what no expression takes as it is. */
  const longId = (number: number) => taskId(`${'a.b-c/'.repeat(30)}${number}`);
  const ids = Array.from({ length: LEASES_CHANGED_MAX }, (_, number) => longId(number));

  test('takes as many as an agent ever asks for at once, in one expression', async () => {
    const id = instanceId('i-0000000000000cafe');
    const ours = { instanceId: id, session: SESSIONS[0] };
    await stored.create({ ...launchedRecord(0, 0), instanceId: id });
    await stored.openSession(id, SESSIONS[0], epochMs(1), '1.2.3');
    const holds = ids.map((held) => ({ taskId: held, attempt: 1 }));
    expect(await stored.changeLeases({ ...ours, holds }, epochMs(2))).toMatchObject({ outcome: 'done' });
    expect(Object.keys((await stored.get(id))!.leases)).toHaveLength(LEASES_CHANGED_MAX);
    expect(await stored.changeLeases({ ...ours, unholds: ids }, epochMs(3))).toMatchObject({ outcome: 'done' });
    expect((await stored.get(id))!.leases).toStrictEqual({});
  });

  test('stays within DynamoDB’s 4 KB and 300 operators, which its embedded substitute does not enforce', async () => {
    const sent: { UpdateExpression: string; ConditionExpression: string }[] = [];
    const client = { send: async ({ input }: never) => void sent.push(input) } as never;
    const store = dynamoInstanceStore({ client, tableName: 'instances', account: '1', region: 'eu-west-1' });
    const ours = { instanceId: instanceId('i-0000000000000babe'), session: SESSIONS[0] };
    const half = LEASES_CHANGED_MAX / 2;
    const holdsOf = (count: number) => ids.slice(0, count).map((taskId) => ({ taskId, attempt: 1 }));
    for (const change of [
      { holds: holdsOf(LEASES_CHANGED_MAX), unholds: [] },
      { holds: [], unholds: ids },
      { holds: holdsOf(half), unholds: ids.slice(half) },
    ]) {
      await store.changeLeases({ ...ours, ...change }, epochMs(1)).catch(() => undefined);
    }
    expect(sent.filter((input) => 'UpdateExpression' in input)).toHaveLength(3);
    for (const { UpdateExpression: update = '', ConditionExpression: condition = '' } of sent) {
      expect(update.length).toBeLessThanOrEqual(4_096);
      expect(condition.length).toBeLessThanOrEqual(4_096);
      // Every assignment and every step into the map counted, as the most that DynamoDB may count.
      expect(update.match(/[=.]/g)?.length ?? 0).toBeLessThanOrEqual(300);
    }
  });

  test('an un-hold beside a new hold is not made where the hold is refused, and is when it comes alone', async () => {
    for (const store of [stored, memoryInstanceStore()]) {
      const id = instanceId('i-0000000000000face');
      const ours = { instanceId: id, session: SESSIONS[0] };
      const [old, next] = [taskId('old'), taskId('next')];
      await store.create({ ...launchedRecord(0, 0), instanceId: id });
      await store.openSession(id, SESSIONS[0], epochMs(1), '1.2.3');
      await store.changeLeases({ ...ours, holds: [{ taskId: old, attempt: 1 }] }, epochMs(2));
      await store.recordSignal({ kind: 'operator-drain', instanceId: id, at: epochMs(3) }, true, epochMs(3));
      const both = { ...ours, holds: [{ taskId: next, attempt: 1 }], unholds: [old] };
      expect(await store.changeLeases(both, epochMs(4))).toMatchObject({
        outcome: 'refused',
        because: 'draining',
        record: { leases: { old: 1 } },
      });
      expect(await store.changeLeases({ ...ours, unholds: [old] }, epochMs(5))).toMatchObject({
        outcome: 'done',
        record: { leases: {} },
      });
    }
  });
});

describe('an item of the instances table', () => {
  test('has the machine’s ARN for its key, so that a role can be bound to it', async () => {
    const id = instanceId('i-00000000000000aaa');
    await stored.create({ ...launchedRecord(0, 0), instanceId: id });
    const { Item } = await table.client.send(
      new GetCommand({
        TableName: 'instances',
        Key: { instanceArn: 'arn:aws:ec2:eu-west-1:111122223333:instance/i-00000000000000aaa' },
      }),
    );
    expect(Item).toMatchObject({ instanceId: id, leases: {}, signals: {} });
  });

  test('that another version wrote is neither read nor drained', async () => {
    const id = instanceId('i-00000000000000bbb');
    const instanceArn = `arn:aws:ec2:eu-west-1:111122223333:instance/${id}`;
    const future = { instanceArn, form: 7, signals: {} };
    await table.client.send(new PutCommand({ TableName: 'instances', Item: future }));
    const notice: Signal = { kind: 'spot-interruption', instanceId: id, at: epochMs(1) };
    await expect(stored.recordSignal(notice, true, epochMs(1))).rejects.toThrow(UnknownForm);
    await expect(stored.get(id)).rejects.toThrow(/has the form 7/);
    const kept = await table.client.send(new GetCommand({ TableName: 'instances', Key: { instanceArn } }));
    expect(kept.Item).toEqual(future);
  });
});
