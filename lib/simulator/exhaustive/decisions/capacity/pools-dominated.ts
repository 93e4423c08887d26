import { dominatorOf } from '../../../../decisions/dominated-pools.ts';
import type { PoolScore } from '../../../../decisions/score-pool.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

/** In per mille of what a useful hour costs in the pool that is asked beside it. */
const COSTS = [undefined, 900, 1_000, 1_019, 1_021, 1_149, 1_151, 1_499, 1_501] as const;

const CASES = {
  strategy: ['capacity', 'balanced', 'cheapest'],
  cost: COSTS,
  rival: ['priced', 'of unknown price'],
  rivalLosses: [0.04, 0.05, 0.06],
  rivalScore: [undefined, 9, 7],
  score: [undefined, 8],
  rivalZone: ['a', 'b'],
} as const;

type Case = CombinationOf<typeof CASES>;

const scoreOf = (zone: string, cost: number | undefined, losses: number, placement: number | undefined): PoolScore => ({
  pool: { instanceType: 'm', zone, purchase: 'spot' },
  verdict: { kind: 'ask' },
  lossesPerHour: losses,
  ...(placement === undefined ? {} : { placementScore: placement }),
  ...(cost === undefined ? {} : { rankMicroUsd: cost * 1_000 }),
});

const decided = ({ strategy, cost, rival, rivalLosses, rivalScore, score, rivalZone }: Case): string => {
  const own = scoreOf('a', cost, 0.05, score);
  const rivals = [
    scoreOf(rivalZone, rival === 'priced' ? 1_000 : undefined, rivalLosses, rivalScore),
    // Never the better one: it is the dearer of the two.
    scoreOf(rivalZone, 1_010, 0.01, 10),
  ];
  const best = dominatorOf(own, [rivals[1]!, own, rivals[0]!], strategy);
  return best === undefined ? 'asked' : best === rivals[0] ? 'dominated by the rival' : 'dominated by the other';
};

/**
 * 15 % dearer than a pool that is no riskier and no harder to get, or half as much again as any; 2 % where the cheapest is
 * wanted. Within a zone only where the fleet is spread evenly, and nothing is said where a price is unknown.
 */
const expected = ({ strategy, cost, rival, rivalLosses, rivalScore, score, rivalZone }: Case): string => {
  if (cost === undefined || (strategy === 'balanced' && rivalZone !== 'a')) return 'asked';
  const anyMargin = strategy === 'cheapest' ? 1.02 : 1.5;
  const alikeMargin = strategy === 'cheapest' ? 1.02 : 1.15;
  const isAlike = rivalLosses <= 0.05 && (rivalScore ?? 10) >= (score ?? 10);
  if (rival === 'priced' && cost / 1_000 >= (isAlike ? alikeMargin : anyMargin)) return 'dominated by the rival';
  return cost / 1_010 >= alikeMargin ? 'dominated by the other' : 'asked';
};

/** Pools that are not asked because another is better. */
export const poolsDominated: DecisionTable = {
  name: 'a pool that another dominates',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
