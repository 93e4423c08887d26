import { LOSSES_LOOK_BACK_MS, learnLosses } from '../decisions/learn-losses.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { FleetName } from '../fleet/ids.ts';
import { SLOW_PRICES_SECONDS } from '../fleet/limits.ts';
import { type PriceBoard, spotSeriesKey } from '../fleet/price-board.ts';
import { addMs, type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetStore } from '../ports/fleets.ts';
import type { MoneyLedger, Prices } from '../ports/money.ts';
import type { PlacementScores } from '../ports/placement.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';

/** What reading prices may touch: it launches and ends nothing, and writes one item a fleet. */
export interface PricesWorld {
  readonly clock: Clock;
  readonly fleets: Pick<FleetStore, 'read' | 'prices' | 'putPrices'>;
  readonly money: Pick<MoneyLedger, 'runs'>;
  readonly prices: Prices;
  readonly placement: PlacementScores;
  readonly settings: ReadonlyMap<FleetName, FleetSettings>;
  readonly log: Log;
  readonly metrics: Metrics;
}

type Slow = Pick<PriceBoard, 'slowReadAt' | 'onDemand' | 'scores' | 'losses'>;

const NOTHING_READ: Slow = { slowReadAt: epochMs(0), onDemand: {}, scores: {}, losses: {} };

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

const typesOf = ({ capacity }: FleetSettings): readonly string[] =>
  distinct(capacity.places.map(({ instanceType }) => instanceType));

/** The price in force now is the last change before; EC2 answers that one, however long ago it was (reliability B28). */
const readSpot = async (world: PricesWorld, settings: FleetSettings, now: EpochMs): Promise<PriceBoard['spot']> => {
  const { places } = settings.capacity;
  const zones = distinct(places.map(({ zone }) => zone));
  const history = await world.prices.spotHistory(typesOf(settings), zones, now, now);
  return Object.fromEntries(
    places.flatMap((place) => {
      const inForce = history.get(spotSeriesKey(place))?.findLast(({ at }) => at <= now);
      return inForce === undefined ? [] : [[spotSeriesKey(place), inForce.microUsdPerHour]];
    }),
  );
};

/** EC2 gives only low scores for fewer types than this, which say nothing. */
const SCORED_TYPES_MIN = 3;

/** Asked with the fleet's maximum, which stays the same from hour to hour. Without an answer the scores are unknown. */
const readScores = async (world: PricesWorld, settings: FleetSettings): Promise<PriceBoard['scores']> => {
  const types = typesOf(settings);
  const { machinesMax } = settings.capacity;
  if (types.length < SCORED_TYPES_MIN || machinesMax < 1) return {};
  try {
    return Object.fromEntries(await world.placement.byZone(types, machinesMax));
  } catch (error) {
    world.log.info('EC2 gave no placement scores; pools are ranked without them.', {
      fleet: settings.fleet,
      error: error instanceof Error ? error.message : String(error),
    });
    return {};
  }
};

const readLosses = async (
  world: PricesWorld,
  { fleet }: FleetSettings,
  now: EpochMs,
): Promise<PriceBoard['losses']> => {
  const { members } = await world.fleets.read(fleet);
  const runs = await world.money.runs(fleet, addMs(now, -LOSSES_LOOK_BACK_MS), addMs(now, 1));
  return learnLosses(runs, members, now);
};

const isDue = (slow: Slow, now: EpochMs): boolean => now >= addMs(slow.slowReadAt, secondsToMs(SLOW_PRICES_SECONDS));

/** On-demand prices that could not be read are asked for again with the next schedule; what was known stays known. */
const readSlow = async (world: PricesWorld, settings: FleetSettings, before: Slow, now: EpochMs): Promise<Slow> => {
  if (!isDue(before, now)) return before;
  try {
    return {
      onDemand: Object.fromEntries(await world.prices.onDemand(typesOf(settings))),
      scores: await readScores(world, settings),
      losses: await readLosses(world, settings, now),
      slowReadAt: now,
    };
  } catch (error) {
    world.log.warn('On-demand prices or losses could not be read; those of the last reading stand.', {
      fleet: settings.fleet,
      error: error instanceof Error ? error.message : String(error),
    });
    return before;
  }
};

const countOddities = (world: PricesWorld, { fleet, capacity }: FleetSettings, board: PriceBoard): void => {
  const priced = capacity.places.map((place) => ({
    spot: board.spot[spotSeriesKey(place)],
    onDemand: board.onDemand[place.instanceType],
  }));
  const unknown = priced.filter(({ spot, onDemand }) => spot === undefined || onDemand === undefined).length;
  const dear = priced.filter(
    ({ spot, onDemand }) =>
      spot !== undefined && onDemand !== undefined && 100 * spot > capacity.spotPercentMax * onDemand,
  ).length;
  if (unknown > 0) world.metrics.count('PricesUnknown', unknown, { fleet });
  if (dear === 0) return;
  world.metrics.count('PoolsTooDear', dear, { fleet });
  world.log.warn(`${dear} of ${priced.length} pools are above ${capacity.spotPercentMax} % of the on-demand price.`, {
    fleet,
  });
};

/** Reads what the pools of one fleet cost now, and keeps it where the fleet's reconcile finds it. */
const readFleetPrices = async (world: PricesWorld, settings: FleetSettings): Promise<void> => {
  const now = world.clock.now();
  const before = await world.fleets.prices(settings.fleet);
  const spot = await readSpot(world, settings, now);
  const { slowReadAt, onDemand, scores, losses } = await readSlow(world, settings, before ?? NOTHING_READ, now);
  const board: PriceBoard = { form: 1, readAt: now, slowReadAt, spot, onDemand, scores, losses };
  await world.fleets.putPrices(settings.fleet, board);
  countOddities(world, settings, board);
};

/** Every fleet by itself: one whose prices cannot be read keeps no other from its own. @throws the first failure, at the end */
export const readPrices = async (world: PricesWorld): Promise<void> => {
  const failures: unknown[] = [];
  for (const settings of world.settings.values()) {
    try {
      await readFleetPrices(world, settings);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
};
