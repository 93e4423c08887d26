import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createServiceClock } from '../../lib/clock/service-clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import { httpDate, manualMachine } from '../support/manual-machine.ts';
import { START } from '../support/records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const createWorld = (wrongByMs = 0, timeFactor = 1) => {
  const truth = manualClock(START + 123);
  const machine = manualMachine(truth, wrongByMs);
  const clock = createServiceClock({ time: machine.time, scale: { timeFactor, originMs: START } });
  /** One call of the service, answered at once. */
  const call = (): void => clock.onDate(httpDate(truth.now()), clock.steadyMs(), clock.steadyMs());
  const serviceNow = (): number => START + (truth.now() - START) * timeFactor;
  return { truth, machine, clock, call, errorMs: () => clock.now() - serviceNow() };
};

describe('the service’s clock', () => {
  it.each([10 * MINUTE_MS, -10 * MINUTE_MS])('is right on a machine whose date is wrong by %d ms (F55)', (wrongBy) => {
    const { clock, call, errorMs } = createWorld(wrongBy);
    expect(errorMs()).toBe(wrongBy);
    call();
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1_000);
    expect(clock.now()).toBe(Math.round(clock.now()));
  });

  it.each([HOUR_MS, -HOUR_MS])('does not notice that somebody sets the date by %d ms (F56)', async (byMs) => {
    const { truth, machine, call, errorMs } = createWorld();
    call();
    machine.setDate(byMs);
    expect(errorMs()).toBe(0);
    for (let count = 0; count < 10; count += 1) {
      await truth.advance(5_000);
      call();
      expect(errorMs()).toBe(0);
    }
  });

  it('never goes backwards without being corrected, and then by no more than it was ahead', () => {
    const steps = fc.array(
      fc.record({ passMs: fc.nat({ max: 9_999 }), setMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }) }),
      { maxLength: 30 },
    );
    const firstMs = fc.integer({ min: -HOUR_MS, max: HOUR_MS });
    return fc.assert(
      fc.asyncProperty(firstMs, steps, async (wrongBy, moves) => {
        const { truth, machine, clock, call, errorMs } = createWorld(wrongBy);
        let before = clock.now();
        let aheadMs = Math.max(0, errorMs());
        for (const { passMs, setMs } of moves) {
          await truth.advance(passMs);
          machine.setDate(setMs);
          call();
          expect(clock.now()).toBeGreaterThanOrEqual(before + passMs - aheadMs - 1);
          before = clock.now();
          aheadMs = Math.max(0, errorMs());
        }
      }),
      { numRuns: 100 },
    );
  });

  it('follows the service’s time after the machine was suspended, at the first answer (F10)', async () => {
    const { truth, machine, call, errorMs } = createWorld();
    call();
    await truth.advance(MINUTE_MS);
    await machine.suspendFor(HOUR_MS);
    expect(errorMs()).toBe(-HOUR_MS);
    call();
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1_000);
  });

  it('of a machine with a wrong date as well, follows it with the answer a second later', async () => {
    const { truth, machine, call, errorMs } = createWorld(10 * MINUTE_MS);
    call();
    await machine.suspendFor(HOUR_MS);
    call();
    await truth.advance(5_000);
    call();
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1_000);
  });

  it.each([
    '',
    'yesterday',
    '2026-01-01T00:00:00Z',
    'Thursday, 01-Jan-26 00:00:00 GMT',
    'Thu, 99 Abc 2026 00:00:00 GMT',
  ])('leaves %j alone: it is no date of HTTP', (text) => {
    const { clock, errorMs } = createWorld(HOUR_MS);
    clock.onDate(text, 0, 0);
    expect(errorMs()).toBe(HOUR_MS);
  });
});

describe('a sleep', () => {
  const sleepFor = (world: ReturnType<typeof createWorld>, durationMs: number, signal?: AbortSignal) => {
    let wokeAt: number | undefined;
    void world.clock.sleep(durationMs, signal).then(() => {
      wokeAt = world.truth.now() - START - 123;
    });
    return () => wokeAt;
  };

  it.each([HOUR_MS, -HOUR_MS, 0])('takes its time, though the date is set by %d ms meanwhile', async (byMs) => {
    const world = createWorld();
    const wokeAt = sleepFor(world, 30_000);
    await world.truth.advance(10_000);
    world.machine.setDate(byMs);
    world.call();
    await world.truth.advance(60_000);
    expect(wokeAt()).toBe(30_000);
  });

  it.each([10 * MINUTE_MS, -10 * MINUTE_MS])('is never longer for a date that was wrong by %d ms', async (wrongBy) => {
    const world = createWorld(wrongBy);
    const wokeAt = sleepFor(world, 30_000);
    await world.truth.advance(10_000);
    world.call();
    await world.truth.advance(60_000);
    expect(wokeAt()).toBeLessThanOrEqual(30_000);
  });

  it('ends when the service’s time has passed it while the machine was suspended', async () => {
    const world = createWorld();
    world.call();
    const wokeAt = sleepFor(world, 30 * MINUTE_MS);
    await world.truth.advance(MINUTE_MS);
    await world.machine.suspendFor(HOUR_MS);
    expect(wokeAt()).toBeUndefined();
    world.call();
    await world.truth.advance(0);
    expect(wokeAt()).toBe(61 * MINUTE_MS);
  });

  it('that is longer than a timer may be is not cut short', async () => {
    const world = createWorld();
    const wokeAt = sleepFor(world, 40 * 24 * HOUR_MS);
    await world.truth.advance(39 * 24 * HOUR_MS);
    expect(wokeAt()).toBeUndefined();
    await world.truth.advance(24 * HOUR_MS);
    expect(wokeAt()).toBe(40 * 24 * HOUR_MS);
  });

  it('ends as soon as it is told to, and leaves no timer behind', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const wokeAt = sleepFor(world, 30_000, stop.signal);
    await world.truth.advance(10_000);
    stop.abort();
    await world.truth.advance(0);
    expect(wokeAt()).toBe(10_000);
    const already = sleepFor(world, 30_000, stop.signal);
    await world.truth.advance(0);
    expect(already()).toBe(10_000);
  });

  it('of no length gives everybody else a turn', async () => {
    const world = createWorld();
    const wokeAt = sleepFor(world, 0);
    await world.truth.advance(1);
    expect(wokeAt()).toBeLessThanOrEqual(1);
  });
});

describe('in the local cloud, where time runs faster and headers carry real time', () => {
  it('a right clock is never corrected, though a header’s second is ten of the service', async () => {
    const world = createWorld(0, 10);
    for (let count = 0; count < 50; count += 1) {
      await world.truth.advance(337);
      world.call();
      expect(world.errorMs()).toBe(0);
    }
  });

  it('a wrong one is corrected to within a real second', async () => {
    const world = createWorld(10 * MINUTE_MS, 10);
    world.call();
    expect(Math.abs(world.errorMs())).toBeLessThanOrEqual(10_000);
  });

  it('sleeps are shorter by the factor, and monotonic time is faster by it', async () => {
    const world = createWorld(0, 10);
    const before = world.clock.monotonicMs();
    let hasWoken = false;
    void world.clock.sleep(30_000).then(() => {
      hasWoken = true;
    });
    await world.truth.advance(2_999);
    expect(hasWoken).toBe(false);
    await world.truth.advance(1);
    expect(hasWoken).toBe(true);
    expect(world.clock.monotonicMs() - before).toBe(30_000);
  });
});

it('with the machine’s own clocks tells the date and sleeps', async () => {
  const clock = createServiceClock();
  const before = Date.now();
  await clock.sleep(20);
  expect(clock.now()).toBeGreaterThanOrEqual(before + 19);
  expect(clock.now()).toBeLessThan(before + 10_000);
});
