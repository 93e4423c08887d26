import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoMoneyLedger } from '../../lib/aws/money-ledger.ts';
import { type FleetName, fleetName } from '../../lib/fleet/ids.ts';
import type { Run } from '../../lib/fleet/run.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { MoneyLedger, StoredReport } from '../../lib/ports/money.ts';
import { memoryMoneyLedger } from '../../lib/simulator/ports/memory-money-ledger.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { instanceOf, MANY_SEQUENCES_MS } from './support/samples.ts';

let table: Awaited<ReturnType<typeof startDynamo>>;
let stored: MoneyLedger;
beforeAll(async () => {
  table = await startDynamo();
  stored = dynamoMoneyLedger({ client: table.client, tableName: 'ledger' });
});
afterAll(() => table.stop());

const DAY_MS = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 10, 21);

/** Around midnight, where an entry changes its partition. */
const instant = fc
  .constantFrom(-DAY_MS, -1, 0, 1, 5_000, DAY_MS - 1, DAY_MS, 2 * DAY_MS)
  .map((ms) => epochMs(MIDNIGHT + ms));
const machine = fc.integer({ min: 0, max: 2 });

const runOf = (run: number, fleet: FleetName, number: number, endedAt: Run['endedAt'], by: Run['endedBy']): Run => ({
  form: 1,
  instanceId: instanceOf(run, number),
  fleet,
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: epochMs(MIDNIGHT - 3_600_000),
  endedAt,
  endedBy: by,
  interruption: 'none',
  rebalanced: false,
});

const reportOf = (fleet: FleetName, periodKey: string, reportId: string): StoredReport => ({
  form: 1,
  fleet,
  periodKey,
  reportId,
  madeAt: epochMs(MIDNIGHT),
  content: `{"of":"${reportId}"}`,
  sentCount: 0,
});

/** One call of the port, said about the fleets of each run; what it answers is compared, and what it throws. */
interface Call {
  readonly name: string;
  readonly facts: unknown;
  readonly on: (run: number, ledger: MoneyLedger) => Promise<unknown>;
}

const FLEETS = ['encode', 'index'] as const;
const fleetOf = (run: number, fleet: string): FleetName => fleetName(`${fleet}-${run}`);
const fleet = fc.constantFrom(...FLEETS);
const period = fc.constantFrom('2026-11', '2026-w47');

const call = <Facts>(
  name: string,
  facts: fc.Arbitrary<Facts>,
  on: (facts: Facts, run: number, ledger: MoneyLedger) => Promise<unknown>,
): fc.Arbitrary<Call> => facts.map((fact) => ({ name, facts: fact, on: (run, ledger) => on(fact, run, ledger) }));

const byMachine = (runs: readonly Run[]): readonly Run[] =>
  runs.toSorted((one, other) => (`${one.instanceId}${one.endedAt}` < `${other.instanceId}${other.endedAt}` ? -1 : 1));

const calls: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 5,
    arbitrary: call(
      'putRun',
      fc.record({ fleet, machine, endedAt: instant, by: fc.constantFrom<Run['endedBy']>('ec2', 'us') }),
      (fact, run, ledger) => ledger.putRun(runOf(run, fleetOf(run, fact.fleet), fact.machine, fact.endedAt, fact.by)),
    ),
  },
  {
    weight: 4,
    arbitrary: call('runs', fc.record({ fleet, from: instant, to: instant }), async (fact, run, ledger) =>
      byMachine(await ledger.runs(fleetOf(run, fact.fleet), fact.from, fact.to)),
    ),
  },
  {
    weight: 3,
    arbitrary: call(
      'putReport',
      fc.record({ fleet, period, id: fc.constantFrom('first', 'second') }),
      (fact, run, ledger) => ledger.putReport(reportOf(fleetOf(run, fact.fleet), fact.period, fact.id)),
    ),
  },
  {
    weight: 2,
    arbitrary: call('report', fc.record({ fleet, period }), (fact, run, ledger) =>
      ledger.report(fleetOf(run, fact.fleet), fact.period),
    ),
  },
  {
    weight: 3,
    arbitrary: call('markSending', fc.record({ fleet, period }), (fact, run, ledger) =>
      ledger.markSending(fleetOf(run, fact.fleet), fact.period),
    ),
  },
  {
    weight: 2,
    arbitrary: call('markSent', fc.record({ fleet, period, at: instant }), (fact, run, ledger) =>
      ledger.markSent(fleetOf(run, fact.fleet), fact.period, fact.at),
    ),
  },
  {
    weight: 1,
    arbitrary: call('putPlan', fc.record({ fleet, at: instant }), (fact, run, ledger) =>
      ledger.putPlan({ fleet: fleetOf(run, fact.fleet), at: fact.at, id: 'plan-1', plan: 'nothing to do' }),
    ),
  },
);

/** What a call comes to; the words of an error are each form's own. */
const outcomeOf = async (drawn: Call, run: number, ledger: MoneyLedger): Promise<unknown> => {
  try {
    return { answered: await drawn.on(run, ledger) };
  } catch {
    return 'threw';
  }
};

describe('the money ledger in memory and the one in DynamoDB', () => {
  test('answer every call alike, around midnight too', { timeout: MANY_SEQUENCES_MS }, async () => {
    const seen = new Set<string>();
    let run = 0;
    const oneRun = async (sequence: readonly Call[]): Promise<void> => {
      run += 1;
      const memory = memoryMoneyLedger();
      for (const drawn of sequence) {
        const expected = await outcomeOf(drawn, run, memory);
        expect(await outcomeOf(drawn, run, stored), drawn.name).toStrictEqual(expected);
        seen.add(`${drawn.name} ${expected === 'threw' ? 'threw' : 'answered'}`);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(calls, { minLength: 6, maxLength: 20 }), oneRun), { numRuns: 100 });
    expect([...seen].sort()).toEqual([
      'markSending answered',
      'markSending threw',
      'markSent answered',
      'markSent threw',
      'putPlan answered',
      'putReport answered',
      'putRun answered',
      'report answered',
      'runs answered',
    ]);
  });
});
