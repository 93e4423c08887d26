import { expect, it } from 'vitest';
import { createTurns } from '../../lib/agent/turns.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { virtualClock } from '../../lib/simulator/virtual-clock.ts';

const START = epochMs(1_767_225_600_000);

/** Work that takes so long; what began and what ended is written down. */
const recorder = () => {
  const clock = virtualClock(START);
  const seen: string[] = [];
  const work = (name: string, ms: number) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await clock.sleep(ms);
    seen.push(`${name} ends`);
    return name;
  };
  return { clock, seen, work };
};

it('as many as there are turns begin at once, and each end lets the next one begin', async () => {
  const { clock, seen, work } = recorder();
  const inTurn = createTurns(clock, 2);
  const all = Promise.all([inTurn(work('a', 30)), inTurn(work('b', 20)), inTurn(work('c', 5)), inTurn(work('d', 1))]);
  await clock.runUntil(addMs(START, 50));
  expect(seen).toEqual(['a begins', 'b begins', 'b ends', 'c begins', 'c ends', 'd begins', 'd ends', 'a ends']);
  expect(await all).toEqual(['a', 'b', 'c', 'd']);
});

it('one that hangs holds up the next for a tenth of a second, and its own end changes nothing more', async () => {
  const { clock, seen, work } = recorder();
  const inTurn = createTurns(clock, 1);
  for (const name of ['a', 'b', 'c']) void inTurn(work(name, 150));
  await clock.runUntil(addMs(START, 99));
  expect(seen).toEqual(['a begins']);
  await clock.runUntil(addMs(START, 199));
  expect(seen).toEqual(['a begins', 'b begins', 'a ends']);
  await clock.runUntil(addMs(START, 201));
  expect(seen.at(-1)).toBe('c begins');
});

it('one that fails is told so, and passes its turn on', async () => {
  const { clock, work } = recorder();
  const inTurn = createTurns(clock, 1);
  const failed = inTurn(() => Promise.reject(new Error('no answer')));
  const next = inTurn(work('next', 0));
  await expect(failed).rejects.toThrow('no answer');
  await clock.runUntil(addMs(START, 1));
  expect(await next).toBe('next');
});
