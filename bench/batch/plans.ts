import type { MarketScript } from '../../lib/market/script.ts';
import type { BatchOptions } from './run-batch.ts';
import type { Blow } from './trouble.ts';

const MINUTE_MS = 60_000;

/** In service time, ten times as fast as the wall clock: half an hour of it and more is one long batch. */
const happeningsOf = (minute: number): MarketScript => {
  const afterMs = minute * MINUTE_MS;
  const target = 'oldest spot machine that holds work';
  return [
    { afterMs, happening: 'warn', target },
    { afterMs: afterMs + MINUTE_MS, happening: 'kill-without-warning', target },
    { afterMs: afterMs + 2 * MINUTE_MS, happening: 'rebalance', target: 'newest spot machine' },
  ];
};

const LONG_MINUTES = [2, 6, 10, 14, 22, 26, 30, 34];
const NO_SPOT: MarketScript = [{ afterMs: 18 * MINUTE_MS, happening: 'no-spot', durationMs: 3 * MINUTE_MS }];

const BLOWS: readonly Blow[] = ['kill', 'freeze', 'kill', 'stun'];
const LONG_ROUNDS = 4;

/** All that is laid upon the long batch, besides what the market of its seed brings. */
export const longTrouble: Pick<BatchOptions, 'script' | 'trouble'> = {
  script: [...LONG_MINUTES.flatMap(happeningsOf), ...NO_SPOT],
  trouble: { blows: Array.from({ length: LONG_ROUNDS }, () => BLOWS).flat(), everyMs: 10_000 },
};

/** The same kinds of trouble, once each, for a batch of a minute. */
export const shortTrouble: Pick<BatchOptions, 'script' | 'trouble'> = {
  script: [{ afterMs: MINUTE_MS, happening: 'warn', target: 'oldest spot machine that holds work' }],
  trouble: { blows: ['kill', 'freeze'], everyMs: 5_000 },
};
