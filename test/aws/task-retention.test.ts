import { expect, test } from 'vitest';
import { expiresAtSeconds } from '../../lib/aws/task-updates.ts';
import { epochMs } from '../../lib/fleet/time.ts';

const FOURTEEN_DAYS_IN_SECONDS = 1_209_600;

test('a finished row outlives every message: 30 days after its end, when SQS keeps 14 at most (W1)', () => {
  // 2026-01-01T00:00:00Z and 2026-01-31T00:00:00Z.
  expect(expiresAtSeconds(epochMs(1_767_225_600_000))).toBe(1_769_817_600);
  expect(expiresAtSeconds(epochMs(1_767_225_600_001))).toBe(1_769_817_601);
  expect(1_769_817_600 - 1_767_225_600).toBeGreaterThan(2 * FOURTEEN_DAYS_IN_SECONDS);
});
