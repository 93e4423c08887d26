import type { MarketScript } from '../../lib/market/script.ts';
import type { BatchOptions } from './run-batch.ts';
import type { Blow } from './trouble.ts';

type Plan = Pick<BatchOptions, 'script' | 'trouble' | 'rest'>;

const MINUTE_MS = 60_000;

/** In service time, of which one long batch takes a quarter of an hour and more. */
const happeningsOf = (minute: number): MarketScript => {
  const afterMs = minute * MINUTE_MS;
  const target = 'oldest spot machine that holds work';
  return [
    { afterMs, happening: 'warn', target },
    { afterMs: afterMs + MINUTE_MS, happening: 'kill-without-warning', target },
    { afterMs: afterMs + 2 * MINUTE_MS, happening: 'rebalance', target: 'newest spot machine' },
  ];
};

const LONG_MINUTES = [2, 5, 11, 14, 17, 20];
const NO_SPOT: MarketScript = [{ afterMs: 8 * MINUTE_MS, happening: 'no-spot', durationMs: 2 * MINUTE_MS }];

const BLOWS: readonly Blow[] = ['kill', 'freeze', 'kill', 'stun'];
const LONG_ROUNDS = 2;

/** All that is laid upon the long batch, besides what the market of its seed brings. */
export const longPlan: Plan = {
  // A record takes about a millisecond, nearly all of it waiting.
  rest: { restMs: 20, restEvery: 20 },
  script: [...LONG_MINUTES.flatMap(happeningsOf), ...NO_SPOT],
  trouble: { blows: Array.from({ length: LONG_ROUNDS }, () => BLOWS).flat(), everyMs: 20_000 },
};
