import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Imds, ImdsUnavailable } from '../../lib/agent/imds.ts';
import {
  type MachineWarning,
  parseInstanceAction,
  parseRebalance,
  watchMachine,
  watchPauseMs,
} from '../../lib/agent/watch.ts';
import { manualClock } from '../support/manual-clock.ts';
import { atSecond, START } from '../support/records.ts';

const NOTICE = JSON.stringify({ action: 'terminate', time: '2026-01-01T00:02:00Z' });
const LOG = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Watches a metadata service that answers as `read` says; what it yields is kept with its time. */
const watchFor = async (seconds: number, read: (path: string, look: number) => string | undefined, isSpot = true) => {
  const clock = manualClock(START);
  const stop = new AbortController();
  const looks: number[] = [];
  const imds: Imds = {
    read: async (path) => {
      if (path.startsWith('spot')) looks.push((clock.now() - START) / 1_000);
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
  return { seen, looks, hasEnded };
};

describe('watching the metadata service', () => {
  it('looks every five seconds', async () => {
    const { looks } = await watchFor(20, () => undefined);
    expect(looks).toEqual([0, 5, 10, 15, 20]);
  });

  it('yields a notice once, however often it is there', async () => {
    const { seen } = await watchFor(60, (path) => (path.startsWith('spot') ? NOTICE : undefined));
    expect(seen).toEqual([{ kind: 'spot-interruption', at: START, deadline: atSecond(120), action: 'terminate' }]);
  });

  it('waits longer after each failure in a row, at most twenty seconds, and never ends for it (A14, F60)', async () => {
    const { looks, seen } = await watchFor(100, (_path, look) => {
      if (look <= 5) throw new ImdsUnavailable('500');
      return NOTICE;
    });
    expect(looks.slice(0, 6)).toEqual([0, 5, 15, 35, 55, 75]);
    expect(seen.some((warning) => warning.kind === 'spot-interruption')).toBe(true);
  });

  it('yields what one source says while the other fails', async () => {
    const { seen } = await watchFor(1, (path) => {
      if (path.startsWith('events')) throw new ImdsUnavailable('500');
      return NOTICE;
    });
    expect(seen).toHaveLength(1);
  });

  it('keeps looking after a text it does not understand (F63)', async () => {
    const { seen } = await watchFor(20, (path, look) => {
      if (!path.startsWith('spot')) return undefined;
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

describe('what the metadata service says', () => {
  it.each([
    ['', 'empty'],
    ['null', 'null'],
    ['[]', 'a list'],
    ['{"action":"terminate"}', 'no time'],
    ['{"action":"terminate","time":"soon"}', 'no instant'],
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

  it('never throws, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseInstanceAction(text, START);
        parseRebalance(text, START);
      }),
      { numRuns: 500 },
    );
  });
});
