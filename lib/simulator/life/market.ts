import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import { PRICES_SECONDS } from '../../fleet/limits.ts';
import { type LossRecord, type PriceBoard, spotSeriesKey } from '../../fleet/price-board.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { SeededRandom } from '../random.ts';
import { allFleets } from './fleets-of.ts';
import type { Life } from './life.ts';

/** Half of all lives know prices, as those do whose `functions/prices.ts` has run. */
const KNOWN_SHARE = 0.5;
const UNKNOWN_PRICE_SHARE = 0.1;
const LOSSES_SHARE = 0.3;

/** In micro-USD per hour, of every instance type: what differs is spot. */
const ON_DEMAND = 80_000;

/** Of the on-demand price. Above 98 % a pool would give up the machines that it has. */
const SPOT_LEAST = 0.15;
const SPOT_MOST = 0.98;

const CALM_SHARE = 0.4;

/** From one reading to the next. */
const STEP_MOST = 0.2;

type Shares = Record<string, number>;

const drawShares = (random: SeededRandom, { capacity }: FleetSettings): Shares => {
  const known = capacity.places.filter(() => !random.chance(UNKNOWN_PRICE_SHARE));
  return Object.fromEntries(known.map((place) => [spotSeriesKey(place), random.between(SPOT_LEAST, SPOT_MOST)]));
};

const drawLosses = (random: SeededRandom, shares: Shares): Record<string, LossRecord> => {
  if (!random.chance(LOSSES_SHARE)) return {};
  const some = Object.keys(shares).filter(() => random.chance(0.5));
  return Object.fromEntries(some.map((key) => [key, { hours: random.between(5, 50), losses: random.whole(0, 10) }]));
};

const within = (share: number): number => Math.min(SPOT_MOST, Math.max(SPOT_LEAST, share));

const stepped = (random: SeededRandom, shares: Shares): Shares =>
  Object.fromEntries(
    Object.entries(shares).map(([key, share]) => [key, within(share * (1 + random.between(-STEP_MOST, STEP_MOST)))]),
  );

export interface Market {
  /** Spot is cheap in every pool, and stays so. */
  calm(): Promise<void>;
}

const runFleetMarket = (life: Life, random: SeededRandom, settings: FleetSettings): Market => {
  let shares = drawShares(random, settings);
  let losses = drawLosses(random, shares);
  const types = settings.capacity.places.map(({ instanceType }) => instanceType);
  const onDemand = Object.fromEntries(types.map((type) => [type, ON_DEMAND]));
  const read = (): Promise<void> => {
    const readAt = life.clock.now();
    const spot = Object.fromEntries(Object.entries(shares).map(([key, share]) => [key, Math.round(share * ON_DEMAND)]));
    const board: PriceBoard = { form: 1, readAt, slowReadAt: readAt, spot, onDemand, scores: {}, losses };
    return life.memory.fleets.putPrices(settings.fleet, board);
  };

  const run = async (): Promise<void> => {
    for (;;) {
      await read();
      await life.clock.sleep(secondsToMs(PRICES_SECONDS));
      if (!life.faults.isHealed()) shares = stepped(random, shares);
    }
  };
  void run();
  return {
    calm: () => {
      shares = Object.fromEntries(Object.entries(shares).map(([key, share]) => [key, Math.min(share, CALM_SHARE)]));
      losses = {};
      return read();
    },
  };
};

/** What spot costs in each pool, read anew every five minutes. */
export const runMarket = (life: Life): Market => {
  const random = life.random.fork('market');
  const fleets = random.chance(KNOWN_SHARE) ? allFleets(life.plan) : [];
  const markets = fleets.map((settings) => runFleetMarket(life, random.fork(settings.fleet), settings));
  return { calm: async () => void (await Promise.all(markets.map((market) => market.calm()))) };
};
