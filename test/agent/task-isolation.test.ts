import { describe, expect, it } from 'vitest';
import { createIsolation, type RunMode, type Turn } from '../../lib/agent/task-isolation.ts';

const never = new AbortController().signal;

/** Who is in, in the order of entry, by a letter each. */
const createScene = () => {
  const isolation = createIsolation();
  const inside: string[] = [];
  const turns = new Map<string, Turn>();
  const enter = (name: string, mode: RunMode, signal = never) =>
    isolation.enter(mode, signal).then((turn) => {
      if (turn === undefined) return undefined;
      turns.set(name, turn);
      inside.push(`${name} ${turn.mode}`);
      return turn;
    });
  const leave = async (name: string): Promise<void> => {
    inside.splice(
      inside.findIndex((one) => one.startsWith(name)),
      1,
    );
    turns.get(name)?.leave();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { isolation, inside, enter, leave };
};

describe('who runs beside whom', () => {
  it('together means all at once', async () => {
    const { enter, inside } = createScene();
    await Promise.all(['a', 'b', 'c'].map((name) => enter(name, 'together')));
    expect(inside).toEqual(['a together', 'b together', 'c together']);
  });

  it('alone means after all that are in have left, and before all that come later', async () => {
    const { enter, inside, leave } = createScene();
    await enter('a', 'together');
    void enter('b', 'alone');
    void enter('c', 'alone');
    void enter('d', 'together');
    await Promise.resolve();
    expect(inside).toEqual(['a together']);
    await leave('a');
    expect(inside).toEqual(['b alone']);
    await leave('b');
    expect(inside).toEqual(['c alone']);
    await leave('c');
    expect(inside).toEqual(['d together']);
  });

  it('once the culprit is found nobody waits to be alone any more', async () => {
    const { isolation, enter, inside, leave } = createScene();
    await enter('a', 'alone');
    void enter('b', 'alone');
    void enter('c', 'alone');
    isolation.acquit();
    await leave('a');
    expect(inside).toEqual(['b together', 'c together']);
  });

  it('who is asked to stop while waiting waits no longer, and is in nobody’s way', async () => {
    const { enter, inside, leave } = createScene();
    const stop = new AbortController();
    await enter('a', 'together');
    const waiting = enter('b', 'alone', stop.signal);
    const behind = enter('c', 'together');
    stop.abort();
    expect(await waiting).toBeUndefined();
    await behind;
    expect(inside).toEqual(['a together', 'c together']);
    await leave('a');
    expect(await enter('d', 'alone', AbortSignal.abort())).toBeUndefined();
  });
});
