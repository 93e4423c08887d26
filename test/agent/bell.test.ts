import { describe, expect, it } from 'vitest';
import { createBell } from '../../lib/agent/bell.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { virtualClock } from '../../lib/simulator/virtual-clock.ts';

const START = epochMs(1_000_000);

describe('a bell', () => {
  it('aborts by one ring the signals that were handed out before it, and none after', () => {
    const bell = createBell();
    const before = bell.signal();
    bell.ring();
    expect({ before: before.aborted, after: bell.signal().aborted }).toEqual({ before: true, after: false });
  });

  it('wakes whoever sleeps until it rings, once', async () => {
    const bell = createBell();
    const clock = virtualClock(START);
    const woken: number[] = [];
    void clock.sleep(60_000, bell.signal()).then(() => woken.push(clock.now() - START));
    void clock.sleep(5_000).then(bell.ring);
    await clock.runUntil(epochMs(START + 120_000));
    expect(woken).toEqual([5_000]);
  });

  it('calls who listens at every ring, until they leave', () => {
    const bell = createBell();
    let heard = 0;
    const leave = bell.listen(() => {
      heard += 1;
    });
    bell.ring();
    bell.ring();
    leave();
    bell.ring();
    expect(heard).toBe(2);
  });
});
