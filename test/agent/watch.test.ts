import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Imds, ImdsUnavailable } from '../../lib/agent/imds.ts';
import {
  type MachineWarning,
  parseInstanceAction,
  parseMaintenance,
  parseRebalance,
  parseTargetState,
  parseTerminationTime,
} from '../../lib/agent/notices.ts';
import { watchMachine, watchPauseMs } from '../../lib/agent/watch.ts';
import { manualClock } from '../support/manual-clock.ts';
import { atSecond, START } from '../support/records.ts';

const NOTICE = JSON.stringify({ action: 'terminate', time: '2026-01-01T00:02:00Z' });
const ACTION = 'spot/instance-action';
const SCHEDULED = 'events/maintenance/scheduled';
const HISTORY = 'events/maintenance/history';
const TARGET_STATE = 'autoscaling/target-lifecycle-state';
const LOG = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Watches a metadata service that answers as `read` says; what it yields is kept with its time. */
const watchFor = async (seconds: number, read: (path: string, look: number) => string | undefined, isSpot = true) => {
  const clock = manualClock(START);
  const stop = new AbortController();
  const looks: number[] = [];
  const paths: string[] = [];
  const imds: Imds = {
    read: async (path) => {
      paths.push(path);
      if (path === 'spot/instance-action') looks.push((clock.now() - START) / 1_000);
      return read(path, looks.length);
    },
  };
  const seen: MachineWarning[] = [];
  let hasEnded = false;
  const watching = (async () => {
    for await (const warning of watchMachine({ imds, clock, log: LOG, isSpot, signal: stop.signal }))
      seen.push(warning);
    hasEnded = true;
  })();
  await clock.advance(seconds * 1_000);
  stop.abort();
  await watching;
  return { seen, looks, paths, hasEnded };
};

describe('watching the metadata service', () => {
  it('looks every five seconds', async () => {
    const { looks } = await watchFor(20, () => undefined);
    expect(looks).toEqual([0, 5, 10, 15, 20]);
  });

  it('yields a notice once, however often it is there', async () => {
    const { seen } = await watchFor(60, (path) => (path === ACTION ? NOTICE : undefined));
    expect(seen).toEqual([{ kind: 'spot-interruption', at: START, deadline: atSecond(120), action: 'terminate' }]);
  });

  it('waits longer after each failure in a row, at most twenty seconds, and never ends for it (A14, F60)', async () => {
    const { looks, seen } = await watchFor(100, (path, look) => {
      if (path !== ACTION) return undefined;
      if (look <= 5) throw new ImdsUnavailable('500');
      return NOTICE;
    });
    expect(looks.slice(0, 6)).toEqual([0, 5, 15, 35, 55, 75]);
    expect(seen.some((warning) => warning.kind === 'spot-interruption')).toBe(true);
  });

  it('yields what one source says while the other fails', async () => {
    const { seen } = await watchFor(1, (path) => {
      if (path !== ACTION) throw new ImdsUnavailable('500');
      return NOTICE;
    });
    expect(seen).toHaveLength(1);
  });

  it('keeps looking after a text it does not understand (F63)', async () => {
    const { seen } = await watchFor(20, (path, look) => {
      if (path !== ACTION) return undefined;
      return look <= 2 ? '<html>' : NOTICE;
    });
    expect(seen).toHaveLength(1);
  });

  it('ends when it is told to', async () => {
    expect((await watchFor(1, () => undefined)).hasEnded).toBe(true);
  });

  it('the pause is never shorter than the interval nor longer than the cap', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000 }), (failures) => {
        const pauseMs = watchPauseMs(failures);
        expect(pauseMs).toBeGreaterThanOrEqual(5_000);
        expect(pauseMs).toBeLessThanOrEqual(20_000);
      }),
    );
  });
});

/** What a script of texts by second makes of a path; nothing before the first and between `undefined`s. */
const scripted =
  (clock: { readonly now: () => number }, steps: readonly (readonly [second: number, text: string | undefined])[]) =>
  (): string | undefined =>
    steps.findLast(([second]) => clock.now() >= START + second * 1_000)?.[1];

/** Watches a service whose paths say what their scripts say; what is told is kept with the second. */
const watchScript = async (
  seconds: number,
  scripts: Readonly<Record<string, readonly (readonly [number, string | undefined])[]>>,
  { isSpot = true, failing = [] as readonly string[] } = {},
) => {
  const clock = manualClock(START);
  const stop = new AbortController();
  const lines: { message: string; path: unknown }[] = [];
  const write = (message: string, fields?: { readonly [name: string]: unknown }): void =>
    void lines.push({ message, path: fields?.['path'] });
  const imds: Imds = {
    read: async (path) => {
      if (failing.includes(path)) throw new ImdsUnavailable('500');
      return scripted(clock, scripts[path] ?? [])();
    },
  };
  const told: (MachineWarning & { readonly second: number })[] = [];
  const watching = (async () => {
    const log = { debug: write, info: write, warn: write, error: write };
    for await (const warning of watchMachine({ imds, clock, log, isSpot, signal: stop.signal })) {
      told.push({ second: (clock.now() - START) / 1_000, ...warning });
    }
  })();
  await clock.advance(seconds * 1_000);
  stop.abort();
  await watching;
  return { told, lines };
};

const noticeFor = (second: number, action = 'terminate'): string =>
  JSON.stringify({ action, time: new Date(atSecond(second)).toISOString() });

describe('a notice', () => {
  it('that comes nearer later is told again; one that moves away is not', async () => {
    const { told } = await watchScript(40, {
      [ACTION]: [
        [0, noticeFor(120)],
        [10, noticeFor(300)],
        [20, noticeFor(60)],
      ],
    });
    expect(told.map(({ second, deadline }) => [second, deadline])).toEqual([
      [0, atSecond(120)],
      [20, atSecond(60)],
    ]);
  });

  it('that is withdrawn later changes nothing, nor does its return (F64)', async () => {
    const { told } = await watchScript(40, {
      [ACTION]: [
        [0, noticeFor(120)],
        [10, undefined],
        [20, noticeFor(120)],
      ],
    });
    expect(told).toHaveLength(1);
  });

  it('of hibernation is told once, though it begins at every look anew', async () => {
    const { told } = await watchScript(30, { [ACTION]: [[0, noticeFor(120, 'hibernate')]] });
    expect(told.map(({ deadline }) => deadline)).toEqual([START]);
  });

  it('that cannot be read is told from its older form (F63)', async () => {
    const { told, lines } = await watchScript(30, {
      [ACTION]: [[0, '<html>']],
      'spot/termination-time': [[10, '2026-01-01T00:02:00Z']],
    });
    expect(told).toEqual([
      { second: 10, kind: 'spot-interruption', at: atSecond(10), deadline: atSecond(120), action: 'terminate' },
    ]);
    expect(lines.filter(({ path }) => path === ACTION)).toHaveLength(1);
  });

  it('of an action that nobody knows is a notice, and the action is logged once (A5)', async () => {
    const { told, lines } = await watchScript(30, { [ACTION]: [[0, noticeFor(120, 'vanish')]] });
    expect(told).toEqual([{ second: 0, kind: 'spot-interruption', at: START, deadline: atSecond(120) }]);
    expect(lines.map(({ message }) => message)).toEqual(['interruption notice with an unknown action']);
  });
});

const change = (eventId: string, second: number, state = 'active'): object => ({
  NotBefore: `${new Date(atSecond(second)).toUTCString().slice(5)}`,
  Code: 'system-reboot',
  Description: state === 'active' ? 'scheduled reboot' : `[${state}] scheduled reboot`,
  EventId: eventId,
  NotAfter: '21 Jan 2027 09:17:23 GMT',
  State: state,
});
const changes = (...events: readonly object[]): string => JSON.stringify(events);

describe('scheduled maintenance', () => {
  it.each([true, false])('is told on a machine that is spot: %s', async (isSpot) => {
    const { told } = await watchScript(120, { [SCHEDULED]: [[60, changes(change('one', 7_200))]] }, { isSpot });
    expect(told).toEqual([{ second: 60, kind: 'scheduled-change', at: atSecond(60), deadline: atSecond(7_200) }]);
  });

  it('the nearest of several is told, and again when that is moved, nearer or away', async () => {
    const { told } = await watchScript(300, {
      [SCHEDULED]: [
        [0, changes(change('one', 9_000), change('two', 7_200))],
        [60, changes(change('one', 9_000), change('two', 3_600))],
        [120, changes(change('one', 9_000), change('two', 10_000))],
      ],
    });
    expect(told.map(({ deadline }) => deadline)).toEqual([atSecond(7_200), atSecond(3_600), atSecond(9_000)]);
  });

  it.each(['canceled', 'completed', 'Cancelled', 'Completed'])(
    'is withdrawn when the list calls it %s',
    async (state) => {
      const { told } = await watchScript(180, {
        [SCHEDULED]: [
          [0, changes(change('one', 7_200))],
          [60, changes(change('one', 7_200, state))],
        ],
      });
      expect(told.map(({ second, kind }) => [second, kind])).toEqual([
        [0, 'scheduled-change'],
        [60, 'scheduled-change-cancelled'],
      ]);
    },
  );

  it('is withdrawn when it has gone from the list and the history calls it canceled', async () => {
    const { told } = await watchScript(300, {
      [SCHEDULED]: [
        [0, changes(change('one', 7_200))],
        [60, '[]'],
      ],
      [HISTORY]: [
        [0, '[]'],
        [120, changes(change('one', 7_200, 'canceled'), change('zero', 10, 'completed'))],
      ],
    });
    expect(told.map(({ second, kind }) => [second, kind])).toEqual([
      [0, 'scheduled-change'],
      [120, 'scheduled-change-cancelled'],
    ]);
  });

  it('stands while nobody says that it is over: a list that lacks it, a 404, or a history that fails', async () => {
    const scripts = {
      [SCHEDULED]: [
        [0, changes(change('one', 7_200))],
        [60, '[]'],
        [120, undefined],
      ],
    } as const;
    expect((await watchScript(600, scripts)).told).toHaveLength(1);
    expect((await watchScript(600, scripts, { failing: [HISTORY] })).told).toHaveLength(1);
  });

  it('one of two that is cancelled leaves the other', async () => {
    const { told } = await watchScript(180, {
      [SCHEDULED]: [
        [0, changes(change('one', 7_200), change('two', 9_000))],
        [60, changes(change('one', 7_200, 'canceled'), change('two', 9_000))],
      ],
    });
    expect(told.map(({ kind, deadline }) => [kind, deadline])).toEqual([
      ['scheduled-change', atSecond(7_200)],
      ['scheduled-change', atSecond(9_000)],
    ]);
  });

  it('that was over before anybody looked is no warning', async () => {
    const { told } = await watchScript(180, { [SCHEDULED]: [[0, changes(change('one', 7_200, 'completed'))]] });
    expect(told).toEqual([]);
  });

  it('an entry that cannot be read hides no other, and is complained of once (F63)', async () => {
    const list = changes({ NotBefore: 'soon' }, change('one', 7_200), {}, ['?']);
    const { told, lines } = await watchScript(300, { [SCHEDULED]: [[0, list]] });
    expect(told.map(({ deadline }) => deadline)).toEqual([atSecond(7_200)]);
    expect(lines).toHaveLength(1);
  });

  it('reads the document as AWS shows it', () => {
    const document = `[ { "NotBefore" : "21 Jan 2019 09:00:43 GMT", "Code" : "system-reboot",
      "Description" : "scheduled reboot", "EventId" : "instance-event-0d59937288b749b32",
      "NotAfter" : "21 Jan 2019 09:17:23 GMT", "State" : "active" } ]`;
    expect(parseMaintenance(document)).toEqual({
      events: [{ eventId: 'instance-event-0d59937288b749b32', isOver: false, notBefore: 1_548_061_243_000 }],
      unreadable: 0,
    });
  });
});

describe('an Auto Scaling group', () => {
  it.each([
    ['Terminated', true],
    ['Warmed:Terminated', true],
    ['InService', false],
    ['Standby', false],
    ['Detached', false],
    ['Warmed:Stopped', false],
    ['Warmed:Hibernated', false],
    ['Warmed:Running', false],
  ])('that wants its machine %s: the machine drains is %s', async (state, drains) => {
    const { told, lines } = await watchScript(60, { [TARGET_STATE]: [[15, state]] }, { isSpot: false });
    expect(told).toEqual(drains ? [{ second: 15, kind: 'lifecycle-terminating', at: atSecond(15) }] : []);
    expect(lines).toEqual([]);
  });

  it('that says a word nobody knows is complained of once (F63)', async () => {
    const { told, lines } = await watchScript(60, { [TARGET_STATE]: [[0, '<html>Terminated</html>']] });
    expect(told).toEqual([]);
    expect(lines).toEqual([
      { message: 'the metadata service tells something that is not understood', path: TARGET_STATE },
    ]);
  });
});

describe('the sources', () => {
  const looksPerMinute = async (isSpot: boolean) => {
    const { paths } = await watchFor(59, () => undefined, isSpot);
    return Object.fromEntries(
      Object.entries(Object.groupBy(paths, (path) => path)).map(([path, all]) => [path, all!.length]),
    );
  };

  it('are asked as often as each is worth', async () => {
    expect(await looksPerMinute(true)).toEqual({
      [ACTION]: 12,
      'events/recommendations/rebalance': 4,
      [SCHEDULED]: 1,
      [TARGET_STATE]: 4,
    });
  });

  it('of an on-demand machine are maintenance and its group: nobody takes it back (A6)', async () => {
    expect(await looksPerMinute(false)).toEqual({ [SCHEDULED]: 1, [TARGET_STATE]: 4 });
  });

  it('that have said all are asked no more', async () => {
    const { paths } = await watchFor(120, (path) => (path === TARGET_STATE ? 'Terminated' : undefined));
    expect(paths.filter((path) => path === TARGET_STATE)).toHaveLength(1);
  });

  it('that hang delay no other', async () => {
    const clock = manualClock(START);
    const stop = new AbortController();
    const seen: MachineWarning[] = [];
    const imds: Imds = {
      read: async (path) => {
        if (path !== ACTION) await clock.sleep(3_600_000, stop.signal);
        return path === ACTION ? NOTICE : undefined;
      },
    };
    void (async () => {
      for await (const warning of watchMachine({ imds, clock, log: LOG, isSpot: true, signal: stop.signal }))
        seen.push(warning);
    })();
    await clock.advance(1);
    expect(seen).toHaveLength(1);
    stop.abort();
  });

  it('that all fail are complained of once, and once more when they failed again after answering', async () => {
    const everything = [ACTION, SCHEDULED, TARGET_STATE, 'events/recommendations/rebalance'];
    const { lines } = await watchScript(300, {}, { failing: everything });
    expect(lines.map(({ message }) => message)).toEqual(['the metadata service does not answer']);
  });

  it('drop nothing while whoever listens is busy (A8)', async () => {
    const clock = manualClock(START);
    const stop = new AbortController();
    const imds: Imds = {
      read: async (path) => {
        if (path === ACTION) return noticeFor(3_600 - (clock.now() - START) / 1_000);
        if (path === SCHEDULED) return changes(change('one', 7_200));
        return path === TARGET_STATE ? 'Terminated' : '{"noticeTime":"2026-01-01T00:00:00Z"}';
      },
    };
    const seen: string[] = [];
    void (async () => {
      for await (const { kind } of watchMachine({ imds, clock, log: LOG, isSpot: true, signal: stop.signal })) {
        seen.push(kind);
        await clock.sleep(600_000, stop.signal);
      }
    })();
    await clock.advance(50_000);
    stop.abort();
    await clock.advance(0);
    expect(seen.filter((kind) => kind === 'spot-interruption')).toHaveLength(11);
    expect(new Set(seen)).toEqual(
      new Set(['spot-interruption', 'scheduled-change', 'lifecycle-terminating', 'rebalance-recommendation']),
    );
  });
});

describe('what the metadata service says', () => {
  it.each([
    ['', 'empty'],
    ['null', 'null'],
    ['[]', 'a list'],
    ['{"action":"terminate"}', 'no time'],
    ['{"action":"terminate","time":"soon"}', 'no instant'],
    ['{"action":"terminate","time":"1"}', 'a number that might be a month of 2001'],
    ['{"action":"terminate","time":"soon 1"}', 'words with such a number'],
    ['{"action":"terminate","time":"2017-09-18T08:22:00"}', 'a time of no zone'],
    ['{"action":"terminate","time":"2017-02-30T00:00:00Z"}', 'a day that does not exist'],
    ['{"action":7,"time":"2026-01-01T00:02:00Z"}', 'an action that is no text'],
    ['{"action":"terminate","time":', 'cut off'],
  ])('%j is no notice: %s', (text) => {
    expect(parseInstanceAction(text, START)).toBeUndefined();
  });

  it('hibernation begins at once', () => {
    const text = JSON.stringify({ action: 'hibernate', time: '2026-01-01T00:02:00Z' });
    expect(parseInstanceAction(text, START)).toMatchObject({ action: 'hibernate', deadline: START });
  });

  it('a recommendation counts even when its time cannot be read', () => {
    expect(parseRebalance('{"noticeTime":"?"}', START)).toEqual({ kind: 'rebalance-recommendation', at: START });
    expect(parseRebalance('{"noticeTime":"2025-12-31T23:59:00Z"}', START)?.at).toBe(START - 60_000);
    expect(parseRebalance('{}', START)).toBeUndefined();
  });

  it.each(['', 'Terminated', '2015-01-05', '2015-01-05T18:02:00', '2015-99-05T18:02:00Z', 'null'])(
    '%j is no termination time',
    (text) => {
      expect(parseTerminationTime(text, START)).toBeUndefined();
    },
  );

  it('a termination time is a notice', () => {
    expect(parseTerminationTime('2026-01-01T00:02:00Z\n', START)).toEqual({
      kind: 'spot-interruption',
      at: START,
      deadline: atSecond(120),
      action: 'terminate',
    });
  });

  it.each(['', '{}', 'null', '"[]"', '<html>', '[{'])('%j is no list of events', (text) => {
    expect(parseMaintenance(text)).toBeUndefined();
  });

  it('never throws, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseInstanceAction(text, START);
        parseRebalance(text, START);
        parseTargetState(text, START);
        parseTerminationTime(text, START);
        parseMaintenance(text);
      }),
      { numRuns: 500 },
    );
  });
});
