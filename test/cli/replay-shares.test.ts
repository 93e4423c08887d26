import { describe, expect, it } from 'vitest';
import { Shares } from '../../lib/cli/replay/shares.ts';

describe('shares of a suite', () => {
  it('are each handed out once, a thread staying with its cell as long as there is any of it', () => {
    const cells = [...Array.from({ length: 45 }, () => 'a'), ...Array.from({ length: 25 }, () => 'b')];
    const shares = new Shares(cells);
    const first = shares.next(undefined)!;
    const handed = [first];
    for (let share = shares.next(first.cell); share !== undefined; share = shares.next(share.cell)) handed.push(share);
    expect(handed.map(({ cell }) => cell)).toEqual(['a', 'a', 'a', 'b', 'b']);
    expect(handed.flatMap(({ cases }) => cases).sort((one, other) => one - other)).toEqual([...cells.keys()]);
  });

  it('end when they are dropped', () => {
    const shares = new Shares(['a', 'a']);
    shares.dropAll();
    expect(shares.next(undefined)).toBeUndefined();
  });
});
