import { expect, test } from 'vitest';
import { checkShard } from '../../lib/fleet/check-shard.ts';
import { taskId } from '../../lib/fleet/ids.ts';

// The published FNV-1a values: "a" 0xe40c292c, "foobar" 0xbf9cf968, "fo" 0x6222e842.
test.each([
  ['a', 4],
  ['foobar', 0],
  ['fo', 2],
])('%s is always listed in part %i of the sweep’s index', (id, shard) => {
  expect(checkShard(taskId(id))).toBe(shard);
});

test('ids that differ only in their number are spread over every part', () => {
  const counts = new Array<number>(8).fill(0);
  for (let number = 0; number < 8_000; number += 1) counts[checkShard(taskId(`video-${number}`))]! += 1;
  for (const count of counts) expect(count).toBeGreaterThan(700);
});
