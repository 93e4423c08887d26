import { describe, expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import { virtualClock } from '../../lib/simulator/virtual-clock.ts';

const START = epochMs(1_000_000);
const at = (ms: number) => epochMs(START + ms);

const stage = () => {
  const clock = virtualClock(START);
  const seen: string[] = [];
  const note = (what: string) => (): void => void seen.push(`${clock.now() - START} ${what}`);
  return { clock, seen, note };
};

describe('virtual time', () => {
  it('wakes each sleeper at its own moment, and those of one moment in the order in which they lay down', async () => {
    const { clock, seen, note } = stage();
    for (const [what, ms] of [
      ['late', 30],
      ['one', 10],
      ['other', 10],
    ] as const)
      void clock.sleep(ms).then(note(what));
    await clock.runUntil(at(20));
    expect(seen).toEqual(['10 one', '10 other']);
    await clock.runUntil(at(30));
    expect(seen.at(-1)).toBe('30 late');
  });

  it('lets everything that follows from a waking happen before the next one', async () => {
    const { clock, seen, note } = stage();
    const chain = async (): Promise<void> => {
      await clock.sleep(10);
      for (let hops = 0; hops < 50; hops += 1) await Promise.resolve();
      note('the end of the chain')();
    };
    void chain();
    void clock.sleep(10.5).then(note('the next'));
    await clock.runUntil(at(100));
    expect(seen).toEqual(['10 the end of the chain', '10.5 the next']);
  });

  it('is cut short by a signal, for all who sleep by it, and for nobody else', async () => {
    const { clock, seen, note } = stage();
    const stop = new AbortController();
    void clock.sleep(50, stop.signal).then(note('one'));
    void clock.sleep(60, stop.signal).then(note('other'));
    void clock.sleep(40).then(note('a stranger'));
    void clock.sleep(10).then(() => stop.abort('enough'));
    await clock.runUntil(at(100));
    expect(seen).toEqual(['10 one', '10 other', '40 a stranger']);
  });

  it('does not pass for whoever sleeps by a signal that has aborted, or for no time', async () => {
    const { clock, seen, note } = stage();
    void clock.sleep(50, AbortSignal.abort('over')).then(note('aborted'));
    void clock.sleep(0).then(note('no time'));
    await clock.runUntil(START);
    expect(seen).toEqual(['0 aborted', '0 no time']);
  });

  it('sleeps again by the same signal as well as the first time', async () => {
    const { clock, seen, note } = stage();
    const stop = new AbortController();
    const loop = async (): Promise<void> => {
      while (!stop.signal.aborted) await clock.sleep(10, stop.signal);
      note('over')();
    };
    void loop();
    void clock.sleep(35).then(() => stop.abort('enough'));
    await clock.runUntil(at(100));
    expect(seen).toEqual(['35 over']);
  });

  it('calls once, whether its time comes or it is woken before, and never when it is forgotten', async () => {
    const { clock, seen, note } = stage();
    clock.after(10, note('in time'));
    const woken = clock.after(20, note('woken'));
    const forgotten = clock.after(30, note('forgotten'));
    woken.wake();
    woken.wake();
    forgotten.forget();
    await clock.runUntil(at(100));
    expect(seen).toEqual(['0 woken', '10 in time']);
  });
});
