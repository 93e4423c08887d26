import { describe, expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import { createFaults } from '../../lib/simulator/faults/faults.ts';
import type { CallerWorld } from '../../lib/simulator/life/caller.ts';
import { canBeLate, sendLate } from '../../lib/simulator/life/late-writes.ts';
import { createTrace } from '../../lib/simulator/life/trace.ts';
import { seededRandom } from '../../lib/simulator/random.ts';
import { virtualClock } from '../../lib/simulator/virtual-clock.ts';

const START = epochMs(1_000_000);
const APPLY = { name: 'tasks.apply', service: 'dynamodb', serial: 1 } as const;

const worldOf = () => {
  const clock = virtualClock(START);
  const trace = createTrace({ now: clock.now, startedAt: START, linesMax: 0 });
  const faults = createFaults({}, seededRandom('faults'), trace);
  return { clock, faults, random: seededRandom('calls') } as unknown as CallerWorld & {
    readonly clock: ReturnType<typeof virtualClock>;
  };
};

/** When the caller gave up, and when the write arrived, in milliseconds. */
const send = async (healsAtMs?: number) => {
  const world = worldOf();
  const at: { gaveUp?: number; arrived?: number } = {};
  const since = (): number => world.clock.now() - START;
  const given = sendLate(world, async () => {
    at.arrived = since();
  });
  void given.then(() => {
    at.gaveUp = since();
  });
  if (healsAtMs !== undefined) void world.clock.sleep(healsAtMs).then(() => world.faults.heal());
  await world.clock.runUntil(epochMs(START + 600_000));
  return at;
};

describe('a write that is given up', () => {
  it('arrives all the same, long after its caller has gone on', async () => {
    const { gaveUp, arrived } = await send();
    expect(gaveUp).toBeLessThanOrEqual(9_000);
    expect(arrived).toBeGreaterThanOrEqual(15_000);
    expect(arrived).toBeLessThanOrEqual(240_000);
  });

  it('never arrives once faults have stopped', async () => {
    expect((await send(12_000)).arrived).toBeUndefined();
  });

  it.each(['checkpoint', 'commit', 'fail', 'hand-back'])('is a %s of an agent', (step) => {
    expect(canBeLate('agent', APPLY, ['task-1', { step }])).toBe(true);
    expect(canBeLate('reconcile', APPLY, ['task-1', { step }])).toBe(false);
  });

  it.each(['take', 'submit', 'release', 'check-again'])('is no %s', (step) => {
    expect(canBeLate('agent', APPLY, ['task-1', { step }])).toBe(false);
  });
});
