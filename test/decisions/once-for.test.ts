import { describe, expect, it } from 'vitest';
import { onceFor } from '../../lib/decisions/once-for.ts';

describe('what is worked out once', () => {
  it('is worked out anew for another key only', () => {
    const asked: number[] = [];
    const square = onceFor((side: number) => {
      asked.push(side);
      return { area: side * side };
    });
    expect([square(3), square(3), square(4)].map(({ area }) => area)).toEqual([9, 9, 16]);
    expect(asked).toEqual([3, 4]);
  });
});
