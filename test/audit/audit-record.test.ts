import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Finding } from '../../lib/audit/finding.ts';
import { RecordAudit } from '../../lib/audit/record/audit-record.ts';
import { isRecordLine } from '../../lib/audit/record/record-line.ts';
import { goodRecords, MACHINES } from './support/histories.ts';
import * as line from './support/lines.ts';

/** As the command does: each line as JSON, its number from 1. */
const audited = (lines: readonly line.TestLine[]) => {
  const findings: Finding[] = [];
  const audit = new RecordAudit((finding) => findings.push(finding));
  for (const [index, made] of lines.entries()) {
    const value: unknown = JSON.parse(JSON.stringify(made));
    if (!isRecordLine(value)) throw new Error(`line ${index + 1} is none`);
    audit.judge(value, index + 1);
  }
  return { findings, judged: audit.judged() };
};

const firstOf = (lines: readonly line.TestLine[]): Finding | undefined =>
  audited(lines).findings.toSorted((one, other) => one.line - other.line)[0];

const isOk = ({ outcome }: line.TestLine): boolean => outcome === 'ok';
const parameters = ({ parameters: of = {} }: line.TestLine): Readonly<Record<string, unknown>> => of;
const isOfTask = (made: line.TestLine): boolean => String(parameters(made)['table']).includes('Tasks');
const valuesOf = (made: line.TestLine): Readonly<Record<string, unknown>> =>
  (parameters(made)['values'] ?? {}) as never;
const isUpdate = ({ action }: line.TestLine): boolean => action === 'dynamodb:UpdateItem';

const withParameters = (made: line.TestLine, change: Readonly<Record<string, unknown>>): line.TestLine => ({
  ...made,
  parameters: { ...parameters(made), ...change },
});

const withValues = (made: line.TestLine, change: Readonly<Record<string, unknown>>): line.TestLine =>
  withParameters(made, { values: { ...valuesOf(made), ...change } });

const isTake = (made: line.TestLine): boolean =>
  valuesOf(made)[':ready'] === 'ready' && ':owner' in valuesOf(made) && ':session' in valuesOf(made);
const isHold = (made: line.TestLine): boolean => String(parameters(made)['update']).includes('#leases');
const namesAttempt = (made: line.TestLine): boolean => isOfTask(made) && ':attempt' in valuesOf(made);

/** A way to spoil one line so that the protocol cannot allow it, whatever stands before it. */
interface Spoiling {
  readonly name: string;
  readonly fits: (made: line.TestLine) => boolean;
  readonly spoil: (made: line.TestLine) => readonly line.TestLine[];
  /** Of the lines it makes, the one that is to be named. */
  readonly named?: number;
}

const SPOILINGS: readonly Spoiling[] = [
  {
    name: 'the attempt lowered',
    fits: (made) => isOk(made) && namesAttempt(made),
    spoil: (made) => [withValues(made, { ':attempt': Number(valuesOf(made)[':attempt']) - 1 })],
  },
  {
    name: 'of an attempt yet to come',
    fits: (made) => isOk(made) && namesAttempt(made),
    spoil: (made) => [withValues(made, { ':attempt': Number(valuesOf(made)[':attempt']) + 1 })],
  },
  {
    name: 'given up for another owner',
    fits: (made) => isOk(made) && namesAttempt(made) && ':owner' in valuesOf(made),
    spoil: (made) => [withValues(made, { ':owner': 'i-0000000000000dead' })],
  },
  {
    name: 'accepted though it was refused',
    fits: (made) => !isOk(made),
    spoil: (made) => [{ ...made, outcome: 'ok' }],
  },
  {
    name: 'refused though it was accepted',
    fits: (made) => isOk(made) && isOfTask(made),
    spoil: (made) => [{ ...made, outcome: line.REFUSED }],
  },
  {
    name: 'done twice',
    fits: (made) => isOk(made) && isOfTask(made) && !isCheckAgain(made),
    spoil: (made) => [made, made],
    named: 1,
  },
  {
    name: 'made by another machine',
    fits: (made) => isOk(made) && isOfTask(made) && isUpdate(made) && madeByAgent(made),
    spoil: (made) => [{ ...made, caller: line.agent('i-0000000000000dead') }],
  },
  {
    name: 'made by the reconcile',
    fits: (made) =>
      isOk(made) && isOfTask(made) && madeByAgent(made) && !(':owner' in valuesOf(made) && namesAttempt(made)),
    spoil: (made) => [{ ...made, caller: line.RECONCILE }],
  },
  {
    name: 'without asking for the attempt',
    fits: (made) => isOk(made) && namesAttempt(made),
    spoil: (made) => [
      withParameters(made, {
        condition: String(parameters(made)['condition']).replace('(#attempt = :attempt) AND ', ''),
      }),
    ],
  },
  {
    name: 'without asking for the status',
    fits: (made) => isOk(made) && isOfTask(made) && isUpdate(made),
    spoil: (made) => [
      withParameters(made, { condition: String(parameters(made)['condition']).replaceAll('#status', '#other') }),
    ],
  },
  {
    name: 'with the attempt set and not raised',
    fits: (made) => isOk(made) && isTake(made),
    spoil: (made) => [
      withParameters(made, { update: String(parameters(made)['update']).replace('#attempt + :one', ':one') }),
    ],
  },
  {
    name: 'raised by two',
    fits: (made) => isOk(made) && isTake(made),
    spoil: (made) => [
      withParameters(withValues(made, { ':two': 2 }), {
        update: String(parameters(made)['update']).replace('+ :one', '+ :two'),
      }),
    ],
  },
  {
    name: 'held by another session',
    fits: (made) => isOk(made) && isHold(made),
    spoil: (made) => [withValues(made, { ':session': 's-another' })],
  },
  {
    name: 'held whatever the machine does',
    fits: (made) => isOk(made) && isHold(made),
    spoil: (made) => [withParameters(made, { condition: '#session = :session' })],
  },
  {
    name: 'held under an attempt that nobody took',
    fits: (made) => isOk(made) && isHold(made),
    spoil: (made) => [withValues(made, { ':attempt': Number(valuesOf(made)[':attempt']) + 1 })],
  },
  {
    name: 'the row removed',
    fits: (made) => isOk(made) && isOfTask(made),
    spoil: (made) => [made, { ...made, action: 'dynamodb:DeleteItem' }],
    named: 1,
  },
];

const madeByAgent = ({ caller = '' }: line.TestLine): boolean => caller.includes('InstanceRole');
const isCheckAgain = (made: line.TestLine): boolean => parameters(made)['update'] === 'SET #checkAt = :later';

describe('a record of a run that went by the protocol', () => {
  it('is allowed, step by step', () => {
    fc.assert(
      fc.property(goodRecords, (lines) => {
        const { findings, judged } = audited(lines);
        expect(findings).toEqual([]);
        expect(judged.steps).toBe(lines.length);
      }),
      { numRuns: 150 },
    );
  });

  it.each(SPOILINGS)(
    'and of which one line is spoilt is found out at that line: $name',
    ({ fits, spoil, named = 0 }) => {
      let spoilt = 0;
      fc.assert(
        fc.property(goodRecords, fc.nat(), (lines, choice) => {
          const fitting = [...lines.keys()].filter((index) => fits(lines[index]!));
          if (fitting.length === 0) return;
          const at = fitting[choice % fitting.length]!;
          const changed = [...lines.slice(0, at), ...spoil(lines[at]!), ...lines.slice(at + 1)];
          spoilt += 1;
          expect(firstOf(changed)?.line).toBe(at + 1 + named);
        }),
        { numRuns: 150 },
      );
      expect(spoilt).toBeGreaterThan(20);
    },
  );

  it('and that lacks a taking is found out where the attempt is next heard of', () => {
    fc.assert(
      fc.property(goodRecords, fc.nat(), (lines, choice) => {
        const takes = [...lines.keys()].filter((index) => isOk(lines[index]!) && isTake(lines[index]!));
        if (takes.length === 0) return;
        const at = takes[choice % takes.length]!;
        const without = lines.toSpliced(at, 1);
        const isHeldNext = isOk(without[at] ?? lines[at]!) && without[at] !== undefined && isHold(without[at]);
        const found = firstOf(without);
        // A machine that drains holds nothing; its giving the task back is the next that is heard.
        expect(found?.line).toBe(isHeldNext ? at + 1 : at + 2);
      }),
      { numRuns: 150 },
    );
  });
});

const [ONE, OTHER] = MACHINES;
let clock = 1_800_000_000_000;
const by = (caller: string): line.Made => {
  clock += 100;
  return { at: clock, caller };
};
const begun = (): line.TestLine[] => [
  line.item(by(line.RECONCILE), ONE),
  line.openSession(by(line.agent(ONE)), ONE),
  line.submit(by(line.PERSON), 'task'),
];
const taken = (): line.TestLine[] => [
  ...begun(),
  line.take(by(line.agent(ONE)), 'task', ONE),
  line.hold(by(line.agent(ONE)), ONE, 'task', 1),
];

describe('a task', () => {
  /** The machine is heard every five seconds for so long. */
  const heardFor = (seconds: number): line.TestLine[] =>
    Array.from({ length: seconds / 5 }, () => {
      clock += 4_900;
      return line.heartbeat(by(line.agent(ONE)), ONE);
    });
  const release = () => line.giveBack(by(line.RECONCILE), 'task', 1, ONE, true);

  test('that its machine lives with and holds is released by nobody', () => {
    const found = firstOf([...taken(), ...heardFor(100), release()]);
    expect(found).toMatchObject({ line: 26, promise: 'W4', what: 'release of task by reconcile' });
  });

  test('of a silent machine is released, also when it is heard again just before that', () => {
    const lines = taken();
    clock += 55_000;
    expect(firstOf([...lines, release()])).toBeUndefined();
    expect(firstOf([...lines, ...heardFor(5), release()])).toBeUndefined();
    expect(firstOf([...lines, ...heardFor(100), release()])).toMatchObject({ promise: 'W4' });
  });

  test('that is dead without a failure of its own is found', () => {
    const dead = line.fail(by(line.agent(ONE)), 'task', 1, true);
    const reclaimed = withParameters(dead, { update: 'SET #status = :dead REMOVE #checkAt' });
    expect(firstOf([...taken(), reclaimed])).toMatchObject({ line: 6, promise: 'W5' });
  });

  test('whose older checkpoint replaces a newer one is found', () => {
    const lines = [...taken(), line.checkpoint(by(line.agent(ONE)), 'task', 1, 5)];
    expect(firstOf(lines)).toBeUndefined();
    expect(firstOf([...lines, line.checkpoint(by(line.agent(ONE)), 'task', 1, 5)])).toMatchObject({
      line: 7,
      promise: 'W6',
    });
  });

  test('of a record that does not tell the order of checkpoints is judged without it', () => {
    const untold = (): line.TestLine =>
      withValues(line.checkpoint(by(line.agent(ONE)), 'task', 1, 1), { ':sequence': undefined });
    expect(firstOf([...taken(), untold(), untold()])).toBeUndefined();
  });

  test('that was never submitted has no step', () => {
    expect(firstOf([...begun(), line.take(by(line.agent(ONE)), 'other', ONE)])).toMatchObject({
      line: 4,
      why: 'there is no such task',
      allowed: 'submit',
    });
  });

  test('whose row is written in a way that is no step is found', () => {
    const lowered = withParameters(line.checkAgain(by(line.RECONCILE), 'task', 1), {
      update: 'SET #attempt = :attempt',
    });
    expect(firstOf([...taken(), lowered])).toMatchObject({
      line: 6,
      promise: 'W1',
      why: 'no step writes attempt like this',
    });
  });

  test('whose row has something beside the protocol written is left alone', () => {
    const named = { '#note': 'note' };
    const noted = withParameters(line.checkAgain(by(line.RECONCILE), 'task', 1), {
      update: 'SET #note = :later',
      names: named,
    });
    expect(firstOf([...taken(), noted])).toBeUndefined();
  });
});

describe('a machine', () => {
  const drained = (): line.TestLine[] => [...begun(), line.signal(by(line.SIGNALS), ONE, 'spot-interruption', true)];

  test('that drains never stops draining', () => {
    const undone = line.itemWrite(by(line.RECONCILE), ONE, 'REMOVE #drainingAt', { '#drainingAt': 'drainingAt' });
    expect(firstOf([...drained(), undone])).toMatchObject({ line: 5, promise: 'N5' });
  });

  test('whose drain begins anew is found', () => {
    const names = { '#drainingAt': 'drainingAt' };
    const anew = line.itemWrite(by(line.RECONCILE), ONE, 'SET #drainingAt = :now', names);
    expect(firstOf([...drained(), anew])).toMatchObject({ line: 5, promise: 'N5' });
  });

  test('that is warned drains in the same write', () => {
    expect(firstOf([...begun(), line.signal(by(line.SIGNALS), ONE, 'spot-interruption', false)])).toMatchObject({
      line: 4,
      promise: 'N6',
    });
  });

  test('is written by no other machine', () => {
    const foreign = { ...line.heartbeat(by(line.agent(ONE)), ONE), caller: line.agent(OTHER) };
    expect(firstOf([...begun(), foreign])).toMatchObject({ line: 4, promise: 'S1' });
  });

  test('has one session', () => {
    const second = withValues(line.openSession(by(line.agent(ONE)), ONE), { ':session': 's-second' });
    expect(firstOf([...begun(), second])).toMatchObject({ line: 4, promise: 'N6' });
  });

  const end = (caller: string) => line.call(by(caller), 'ec2:TerminateInstances', { instanceIds: [ONE] });

  test('is ended by no event, not before it drains, and not while it lives', () => {
    expect(firstOf([...drained(), end(line.SIGNALS)])).toMatchObject({
      promise: 'N2',
      why: 'no event alone ends a machine',
    });
    expect(firstOf([...begun(), end(line.RECONCILE)])).toMatchObject({
      promise: 'N2',
      why: 'to be ended and does not drain',
    });
    expect(firstOf([...drained(), end(line.RECONCILE)])).toMatchObject({ promise: 'N2', why: 'to be ended and lives' });
    const silent = drained();
    clock += 120_000;
    expect(firstOf([...silent, end(line.RECONCILE)])).toBeUndefined();
    expect(firstOf([...drained(), end(line.PERSON)])).toBeUndefined();
  });

  test('keeps its place until it is gone', () => {
    const key = { fleet: 'encode', part: `member#${ONE}` };
    const removal = () => line.call(by(line.RECONCILE), 'dynamodb:DeleteItem', { table: 'x-FleetsTable-1', key });
    const gone = line.itemWrite(by(line.RECONCILE), ONE, 'SET #goneAt = if_not_exists(#goneAt, :now)', {
      '#goneAt': 'goneAt',
    });
    expect(firstOf([...drained(), removal()])).toMatchObject({ line: 5, promise: 'N1' });
    expect(firstOf([...drained(), gone, removal()])).toBeUndefined();
  });

  test('has its run closed once, and not before it ends', () => {
    const close = () =>
      line.call(by(line.RECONCILE), 'dynamodb:PutItem', {
        table: 'x-LedgerTable-1',
        key: { period: 'encode#2027-01-15', entry: `run#${ONE}` },
        condition: 'attribute_not_exists(#entry)',
        names: { '#entry': 'entry' },
      });
    const ended = (at: number): line.TestLine => ({
      at,
      kind: 'machine',
      what: 'end',
      instanceId: ONE,
      shuttingDownAt: at,
    });
    expect(firstOf([close(), close()])).toMatchObject({ line: 2, promise: 'M2' });
    const early = close();
    expect(firstOf([...begun(), early, ended(clock + 60_000)])).toMatchObject({ line: 4, promise: 'M2' });
    expect(firstOf([ended(clock), close()])).toBeUndefined();
  });
});

describe('a fleet', () => {
  const head = (changes: object): line.TestLine =>
    line.call(by(line.RECONCILE), 'dynamodb:UpdateItem', {
      table: 'x-FleetsTable-1',
      key: { fleet: 'encode', part: 'head' },
      names: { '#generation': 'generation', '#open': 'openIntents', '#intent': 'intent-1' },
      ...changes,
    });
  const first = () =>
    line.call(by(line.RECONCILE), 'dynamodb:PutItem', {
      table: 'x-FleetsTable-1',
      key: { fleet: 'encode', part: 'head' },
    });
  const open = (read: number, intent = 'intent-1') =>
    head({
      update: 'SET #generation = :next, #open.#intent = :intent',
      condition: '#generation = :read',
      names: { '#generation': 'generation', '#open': 'openIntents', '#intent': intent },
      values: { ':next': read + 1, ':read': read },
    });
  const close = () =>
    head({
      update: 'SET #generation = #generation + :one REMOVE #open.#intent',
      condition: 'attribute_exists(#open.#intent)',
      values: { ':one': 1 },
    });
  const launch = (wanted = 2, instanceIds: readonly string[] = [ONE, OTHER]) =>
    line.call(by(line.RECONCILE), 'ec2:CreateFleet', {
      clientToken: 'intent-1',
      wanted: { spot: wanted },
      instanceIds,
    });

  test('asks once for each intent, and repeats it as it was', () => {
    expect(firstOf([first(), open(0), launch(), launch(), close()])).toBeUndefined();
    expect(firstOf([first(), launch()])).toMatchObject({
      line: 2,
      promise: 'N4',
      why: 'its intent is written nowhere',
    });
    expect(firstOf([first(), open(0), launch(), launch(3)])).toMatchObject({ line: 4, promise: 'N4' });
    expect(firstOf([first(), open(0), launch(), launch(2, ['i-0e'])])).toMatchObject({ line: 4, promise: 'N4' });
    expect(firstOf([first(), open(0), close(), close()])).toMatchObject({ line: 4, promise: 'N4' });
    const late = [first(), open(0), launch()];
    clock += 700_000;
    expect(firstOf([...late, launch()])).toMatchObject({ line: 4, promise: 'N4' });
  });

  test('asks on the generation that was read', () => {
    expect(firstOf([first(), open(0), open(1, 'intent-2')])).toBeUndefined();
    expect(firstOf([first(), open(0), open(0, 'intent-2')])).toMatchObject({ line: 3, promise: 'N3' });
    expect(firstOf([first(), open(0), { ...open(0, 'intent-2'), outcome: line.REFUSED }])).toBeUndefined();
    expect(firstOf([first(), open(0), { ...open(1, 'intent-2'), outcome: line.REFUSED }])).toMatchObject({ line: 3 });
  });
});

test('a write without any condition on our tables is found, on others not', () => {
  const batch = (table: string) =>
    line.call(by(line.PERSON), 'dynamodb:BatchWriteItem', { tables: [{ table, keys: [] }] });
  expect(firstOf([batch('x-TasksTable-1')])).toMatchObject({ line: 1, promise: 'W1' });
  expect(firstOf([batch('somebody-elses')])).toBeUndefined();
});

test('a stack that is removed and deployed anew begins anew: its tables and machines are others', () => {
  const first = taken();
  const anew = first.map((made) => {
    const text = JSON.stringify(made).replaceAll(ONE, OTHER).replace('Table-1', 'Table-2');
    return JSON.parse(text) as line.TestLine;
  });
  const { findings, judged } = audited([...first, ...anew]);
  expect(findings).toEqual([]);
  expect(judged).toMatchObject({ tasks: { running: 2 }, machines: 2 });
});

test('lines of kinds that nobody knows are counted, and judge nothing', () => {
  const { findings, judged } = audited([...taken(), { at: 1, kind: 'weather' }, { at: 2, kind: 'weather' }]);
  expect(findings).toEqual([]);
  expect(judged).toMatchObject({ steps: 5, machines: 1, unknownKinds: { weather: 2 } });
});
