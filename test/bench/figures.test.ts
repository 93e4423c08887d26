import { describe, expect, it } from 'vitest';
import { renderFigures, workerFigures } from '../../bench/figures.ts';
import { interruptionOf, lostByKillAtNotice, lostByWaiting, QUEUE_KINDS } from '../../bench/interruptions.ts';
import { workLost } from '../../bench/lost-work.ts';
import { median, rounded, steadyRate } from '../../bench/statistics.ts';
import type { Comparison } from '../../bench/throughput.ts';
import { shortestWorthwhileTaskSeconds, worthwhileFrom } from '../../bench/worthwhile.ts';

describe('the median', () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[1, 100, 2], 2],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });
  it('of nothing is an error', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the steady rate', () => {
  it('leaves out the first ten, whose process has just been started', () => {
    const done = Array.from({ length: 41 }, (_, index) => (index < 10 ? index * 500 : 4_500 + (index - 9) * 10));
    expect(steadyRate(done, 1)).toBe(100);
  });

  it('leaves out the last of every slot, when some slots have nothing left to do', () => {
    const done = Array.from({ length: 60 }, (_, index) => (index < 50 ? index * 10 : 490 + (index - 49) * 700));
    expect(steadyRate(done, 10)).toBe(100);
  });

  it('counts whole rounds of slots that end together: ten slots of a second are ten in a second', () => {
    const rounds = Array.from({ length: 40 }, (_, index) => 1_000 * (1 + Math.floor(index / 10)));
    expect(steadyRate(rounds, 10)).toBe(10);
  });

  it('leaves out no more than a quarter at either end', () => {
    expect(steadyRate([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000], 50)).toBe(1);
  });
});

describe('the length from which on a task is worth while', () => {
  it('lies between the last point below nine tenths and the next, on a line over the logarithm', () => {
    const points = [
      { seconds: 1, ratio: 1 },
      { seconds: 0.01, ratio: 0.8 },
    ];
    expect(rounded(worthwhileFrom(points), 6)).toBe(0.1);
  });
  it('is the shortest measured when none is below', () => {
    expect(worthwhileFrom([{ seconds: 1, ratio: 0.95 }])).toBe(1);
  });
  it('follows from the overhead that the longest tasks show when none is above: 9 × 0.25 s of each', () => {
    expect(rounded(worthwhileFrom([{ seconds: 1, ratio: 0.8 }]), 6)).toBe(2.25);
  });
  it('is that of the concurrency where it is longest', () => {
    const good = [{ seconds: 0.5, ratio: 0.99 }];
    const bad = [{ seconds: 1, ratio: 0.8 }];
    expect(shortestWorthwhileTaskSeconds([good, bad])).toBe(2.25);
  });
});

const comparison = (name: string, sleepMs: number, concurrency: number, ratio: number): Comparison => ({
  name,
  sleepMs,
  concurrency,
  tasks: 5,
  ratio,
  spothopPerSecond: ratio,
  plainPerSecond: 1,
});

const LOST = { spothop: 1, killAtNotice: 2, waitForVisibility: 3 };

const FIGURES = workerFigures({
  comparisons: [
    comparison('noop', 0, 1, 0.31234),
    comparison('noop', 0, 10, 0.2),
    comparison('1s', 1_000, 1, 0.99),
    comparison('1s', 1_000, 10, 0.95),
  ],
  callsPerTask: { dynamodbWrites: 4.01, dynamodbReads: 0, sqs: 2.1 },
  writeUnitsPerTask: 9,
  noticeUsedShare: 0.97512,
  idleRssOverBareNode: 1.8765,
  firstTakeMs: 612.5,
  workLost: { all: LOST, byQueue: { short: LOST, 'long-saving': LOST, long: LOST } },
});

describe('the figures', () => {
  it('have the form that other programs read', () => {
    expect(JSON.parse(JSON.stringify({ worker: FIGURES }))).toEqual({
      worker: {
        throughputRatio: { noop: { '1': 0.312, '10': 0.2 }, '1s': { '1': 0.99, '10': 0.95 } },
        callsPerTask: { dynamodbWrites: 4.01, dynamodbReads: 0, sqs: 2.1 },
        writeUnitsPerTask: 9,
        noticeUsedPercent: 97.5,
        idleRssOverBareNode: 1.88,
        firstTakeMs: 613,
        workLostSeconds: LOST,
        workLostSecondsByQueue: { short: LOST, 'long-saving': LOST, long: LOST },
        shortestWorthwhileTaskSeconds: 0.63,
      },
    });
  });

  it('are told to people with the same numbers', () => {
    const told = renderFigures(FIGURES);
    for (const number of ['0.312', '4.01', '97.5 %', '1.88', '613 ms', '0.63 s']) expect(told).toContain(number);
  });
});

describe('work lost in an interruption', () => {
  const [short, saving, long] = QUEUE_KINDS;
  const interrupted = (kind: NonNullable<typeof short>) => ({
    kind,
    tasks: [
      { taskId: 'a', seconds: 50 },
      { taskId: 'b', seconds: 1_000 },
    ],
    noticeAtSeconds: 100,
  });

  it('by killing at the notice: all since the last minute’s save, or since the beginning', () => {
    expect(lostByKillAtNotice(interrupted(saving!))).toBe(40);
    expect(lostByKillAtNotice(interrupted(long!))).toBe(100);
  });

  it('by waiting: the same at the end of the notice, for what has not ended by then', () => {
    expect(lostByWaiting(interrupted(saving!), 120)).toBe(40);
    expect(lostByWaiting(interrupted(long!), 120)).toBe(220);
    expect(lostByWaiting({ ...interrupted(short!), noticeAtSeconds: 950 }, 120)).toBe(0);
  });

  it('is drawn the same for the same seed', () => {
    expect(interruptionOf(long!, 7)).toEqual(interruptionOf(long!, 7));
    expect(interruptionOf(long!, 7)).not.toEqual(interruptionOf(long!, 8));
  });

  it('by Spothop is none where tasks are short or save their work, and never more than by waiting', async () => {
    const { byQueue } = await workLost(5);
    expect(byQueue.short.spothop).toBe(0);
    expect(byQueue['long-saving'].spothop).toBeLessThan(1);
    expect(byQueue.long.spothop).toBeLessThanOrEqual(byQueue.long.waitForVisibility);
  }, 60_000);
});
