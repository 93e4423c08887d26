import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only add start-up time.
    maxWorkers: 2,
    // For tests that hang. A busy machine is ten times as slow, and that is no failure.
    testTimeout: 90_000,
    hookTimeout: 180_000,
  },
});
