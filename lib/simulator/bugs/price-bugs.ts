import type { Bug } from './bug.ts';

/** What pools cost, heeded or not. */
export const PRICE_BUGS: readonly Bug[] = [
  {
    name: 'too-dear-is-asked',
    tells: 'pools are asked whatever share of the on-demand price they cost',
    breaks: 'M1',
    file: 'lib/decisions/score-pool.ts',
    find: 'percentOfOnDemand > question.policy.spotPercentMax',
    replace: 'percentOfOnDemand > 10 * question.policy.spotPercentMax',
  },
  {
    name: 'dearest-first',
    tells: 'the dearest pool is asked first',
    breaks: 'M1',
    file: 'lib/decisions/score-pool.ts',
    find: 'return left === right ? 0 : left - right;',
    replace: 'return left === right ? 0 : right - left;',
  },
  {
    name: 'unknown-price-first',
    tells: 'pools of which no price is known are asked first',
    breaks: 'M1',
    file: 'lib/decisions/score-pool.ts',
    find: 'const LAST = Number.POSITIVE_INFINITY;',
    replace: 'const LAST = 0;',
  },
  {
    name: 'dominated-is-asked',
    tells: 'a pool is asked although another is better in every way',
    breaks: 'M1',
    file: 'lib/decisions/score-pool.ts',
    find: '? dominatorOf(score, asked, strategy) : undefined;',
    replace: '? dominatorOf(score, asked.slice(0, 0), strategy) : undefined;',
  },
  {
    name: 'dominated-by-the-dearer',
    tells: 'of two pools the dearer one is taken for the better one',
    breaks: 'M1',
    file: 'lib/decisions/dominated-pools.ts',
    find: 'if (one.rankMicroUsd * margins.any <= other.rankMicroUsd) return true;',
    replace: 'if (one.rankMicroUsd >= other.rankMicroUsd * margins.any) return true;',
  },
  {
    name: 'prices-unread',
    tells: 'a reconcile buys without looking at prices',
    breaks: 'M1',
    file: 'lib/workflows/reconcile-fleet.ts',
    find: '    ...(prices === undefined ? {} : { prices }),',
    replace: '    ...(prices === undefined ? {} : {}),',
  },
  {
    name: 'prices-never-believed',
    tells: 'every price counts as too old to be believed',
    breaks: 'M1',
    file: 'lib/fleet/price-board.ts',
    find: 'now < board.readAt + secondsToMs(PRICES_STALE_SECONDS)',
    replace: 'now < board.readAt - secondsToMs(PRICES_STALE_SECONDS)',
  },
];
