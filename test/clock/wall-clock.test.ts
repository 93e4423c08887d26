import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { wallClock } from '../../lib/clock/wall-clock.ts';

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a sleep that is longer than a timer can run does not end at once', async () => {
  let hasEnded = false;
  void wallClock()
    .sleep(100 * DAY_MS)
    .then(() => {
      hasEnded = true;
    });
  await vi.advanceTimersByTimeAsync(24 * DAY_MS);
  expect(hasEnded).toBe(false);
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(hasEnded).toBe(true);
});
