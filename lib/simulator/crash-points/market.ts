import type { PriceBoard } from '../../fleet/price-board.ts';
import type { Prices } from '../../ports/money.ts';
import type { PlacementScores } from '../../ports/placement.ts';
import type { PricesWorld } from '../../workflows/read-prices.ts';
import { memoryPrices } from '../ports/memory-prices.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';
import type { Invocation } from './call-recorder.ts';
import { instrumented } from './instrument.ts';
import type { Scenario } from './scenario.ts';
import type { StagePorts } from './stage-ports.ts';

/** What the pools of a scenario cost, in micro-USD per hour. */
export interface Market {
  /** By instance type and zone. */
  readonly spot: Readonly<Record<string, number>>;
  /** Of every instance type. */
  readonly onDemand: number;
}

const pricesOf = ({ spot, onDemand }: Market, { settings }: Scenario, at: PriceBoard['readAt']): Prices =>
  memoryPrices(
    new Map(Object.entries(spot).map(([key, microUsdPerHour]) => [key, [{ at, microUsdPerHour }]])),
    new Map(settings.capacity.places.map(({ instanceType }) => [instanceType, onDemand])),
  );

const NO_SCORES: PlacementScores = { byZone: async () => new Map() };

/** The world of `functions/prices.ts`, as one invocation of it sees it. */
export const pricesWorld = (
  { memory, money, settings }: StagePorts,
  invocation: Invocation,
  market: Market,
  scenario: Scenario,
): PricesWorld => ({
  clock: memory.clock,
  fleets: instrumented('fleets', memory.fleets, invocation),
  money: instrumented('money', money, invocation),
  prices: instrumented('prices', pricesOf(market, scenario, memory.clock.now()), invocation),
  placement: instrumented('placement', NO_SCORES, invocation),
  settings: new Map([[settings.fleet, settings]]),
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  metrics: { count: () => {} },
});

/** What is known of the prices, if it is not what they are. */
export const marketViolations = async (memory: MemoryWorld, { market, settings }: Scenario): Promise<string[]> => {
  const board = await memory.fleets.prices(settings.fleet);
  if (board === undefined) return ['prices are known in the end: none is'];
  const isRight =
    JSON.stringify(board.spot) === JSON.stringify(market?.spot) &&
    Object.values(board.onDemand).every((price) => price === market?.onDemand) &&
    Object.keys(board.onDemand).length > 0;
  return isRight ? [] : ['what is known of the prices is what they are'];
};
