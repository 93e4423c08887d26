import { describe, expect, it } from 'vitest';
import { createPulse } from '../../lib/agent/pulse.ts';
import { createServiceClock } from '../../lib/clock/service-clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import { httpDate, manualMachine } from '../support/manual-machine.ts';
import { START } from '../support/records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const createWorld = () => {
  const truth = manualClock(START);
  const machine = manualMachine(truth);
  const clock = createServiceClock({ time: machine.time });
  const pulse = createPulse(clock.now(), clock.monotonicMs);
  const answer = (): void => clock.onDate(httpDate(truth.now()), clock.steadyMs(), clock.steadyMs());
  answer();
  return { truth, machine, answer, pauses: () => pulse.pauses(clock.now()) };
};

describe('a pause', () => {
  it('is none while the heartbeat loop ticks, however long', async () => {
    const { truth, answer, pauses } = createWorld();
    for (let count = 0; count < 500; count += 1) {
      await truth.advance(5_000);
      answer();
      pauses();
    }
    expect(pauses()).toBe(0);
  });

  it.each([
    [15_000, 0],
    [15_001, 1],
    [HOUR_MS, 1],
  ])('of %d ms between two ticks counts %d', async (durationMs, count) => {
    const { truth, pauses } = createWorld();
    await truth.advance(durationMs);
    expect(pauses()).toBe(count);
  });

  it('is noticed though the date was set back by more than it lasted (F56, F57)', async () => {
    const { truth, machine, answer, pauses } = createWorld();
    await truth.advance(5 * MINUTE_MS);
    machine.setDate(-HOUR_MS);
    answer();
    expect(pauses()).toBe(1);
  });

  it('of a suspended machine is noticed before any answer tells the time (F10)', async () => {
    const { machine, answer, pauses } = createWorld();
    await machine.suspendFor(HOUR_MS);
    expect(pauses()).toBe(1);
    answer();
    expect(pauses()).toBe(2);
  });

  it('of a suspended machine whose date did not go on either is noticed by the service’s time', async () => {
    const { truth, machine, answer, pauses } = createWorld();
    await machine.suspendFor(HOUR_MS);
    machine.setDate(-HOUR_MS);
    expect(pauses()).toBe(0);
    answer();
    await truth.advance(1_500);
    answer();
    expect(pauses()).toBe(1);
  });

  it('is assumed when the date was set forward: that costs one read', async () => {
    const { truth, machine, pauses } = createWorld();
    await truth.advance(5_000);
    machine.setDate(HOUR_MS);
    expect(pauses()).toBe(1);
    await truth.advance(5_000);
    expect(pauses()).toBe(1);
  });

  it('is noticed by the date alone where a clock has nothing else', () => {
    const pulse = createPulse(START);
    pulse.tick((START + 5_000) as never);
    expect(pulse.pauses((START + HOUR_MS) as never)).toBe(1);
  });
});
