import type { MarketScript } from '../../market/script.ts';

const SECOND_MS = 1_000;

/**
 * What is laid on top of the seed so that every kind of trouble is seen within one short run; all of it is listed as
 * scripted. Times count from the moment the batch is submitted, in service time.
 */
export const DEMO_SCRIPT: MarketScript = [
  { afterMs: 80 * SECOND_MS, happening: 'rebalance', target: 'newest spot machine' },
  { afterMs: 100 * SECOND_MS, happening: 'warn', target: 'oldest spot machine that holds work' },
  { afterMs: 140 * SECOND_MS, happening: 'kill-without-warning', target: 'oldest spot machine that holds work' },
  { afterMs: 170 * SECOND_MS, happening: 'no-spot', durationMs: 240 * SECOND_MS },
];
