import { describe, expect, it } from 'vitest';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { createDebts } from '../../lib/simulator/audit/debts.ts';

const begin = () => {
  let now = epochMs(1_000);
  const debts = createDebts<string>(() => now, 10_000);
  const pass = (seconds: number): void => {
    now = addMs(now, seconds * 1_000);
  };
  return { debts, pass };
};

describe('what a process owes', () => {
  it('is overdue once its time has passed, and told once', () => {
    const { debts, pass } = begin();
    debts.owe('a wake', 0);
    pass(9);
    expect(debts.overdue(0)).toEqual([]);
    pass(1);
    expect(debts.overdue(0)).toEqual(['a wake']);
    expect(debts.overdue(0)).toEqual([]);
  });

  it('is owed since it was owed first', () => {
    const { debts, pass } = begin();
    debts.owe('a wake', 0);
    pass(6);
    debts.owe('a wake', 0);
    pass(4);
    expect(debts.overdue(0)).toEqual(['a wake']);
  });

  it('is excused by a call that fails meanwhile, also when it is long overdue', () => {
    const { debts, pass } = begin();
    debts.owe('a wake', 3);
    pass(60);
    expect(debts.overdue(4)).toEqual([]);
    expect(debts.overdue(4)).toEqual([]);
  });

  it('is owed no more when it is paid, or when only others are', () => {
    const { debts, pass } = begin();
    for (const key of ['a', 'b', 'c']) debts.owe(key, 0);
    debts.paid('a');
    debts.keepOnly(new Set(['c', 'd']));
    pass(10);
    expect(debts.overdue(0)).toEqual(['c']);
  });

  it('that is looked at again and again is what is there at each look, from the first one on', () => {
    const { debts, pass } = begin();
    expect(debts.look(new Set(['a', 'b']), 0)).toEqual([]);
    pass(6);
    expect(debts.look(new Set(['b', 'c']), 0)).toEqual([]);
    pass(4);
    expect(debts.look(new Set(['a', 'b', 'c']), 0)).toEqual(['b']);
    pass(6);
    expect(debts.look(new Set(['a', 'b', 'c']), 0)).toEqual(['c']);
  });
});
