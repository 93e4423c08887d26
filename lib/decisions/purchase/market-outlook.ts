import { type PoolOutlook, upChance } from './action-costs.ts';
import { expectedStepsByAge, type HazardModel } from './hazard-model.ts';
import type { JobMemory } from './job-memory.ts';
import { type Forecast, forecast, type PoolBelief } from './pool-belief.ts';
import type { PurchaseView } from './purchase.ts';
import type { ValueTables } from './value-tables.ts';

/** A pool that may be bought from, now or when it comes back. */
interface Offer {
  readonly name: string;
  readonly share: number;
  readonly belief: PoolBelief;
  readonly forecast: Forecast;
}

/** Share of the time in which the pool has spot in the long run, as far as its regime is known. */
const longShare = ({ regimes }: HazardModel, { weights }: PoolBelief): number => {
  let share = 0;
  for (const [index, { lossByAge, returnByAge }] of regimes.entries()) {
    const up = expectedStepsByAge(lossByAge).reduce((sum, steps) => sum + steps, 0);
    const down = expectedStepsByAge(returnByAge).reduce((sum, steps) => sum + steps, 0);
    share += (weights[index]!.reduce((sum, weight) => sum + weight, 0) * up) / (up + down);
  }
  return share;
};

/** Pools with a known price that is not too dear, and that are not left alone after failures. */
const offersOf = (memory: JobMemory, view: PurchaseView, onDemandPrice: number): readonly Offer[] => {
  const steps = view.tickSeconds / memory.hazards.stepSeconds;
  return view.pools.flatMap(({ name, price }) => {
    const { belief, restsUntilSeconds } = memory.watches.get(name)!;
    const isUsable = price !== undefined && price <= (view.spotShareMax ?? 1) * onDemandPrice;
    if (!isUsable || restsUntilSeconds > memory.elapsedSeconds) return [];
    return [{ name, share: price / onDemandPrice, belief, forecast: forecast(memory.hazards, belief, steps) }];
  });
};

const noneOf = (chances: readonly number[], except: number): number =>
  chances.reduce((product, chance, index) => (index === except ? product : product * (1 - chance)), 1);

/** Of the pools that have spot the cheapest, otherwise the cheapest of all. */
const referenceShare = (offers: readonly Offer[]): number => {
  const up = offers.filter(({ belief }) => belief.isAvailable);
  return Math.min(...(up.length > 0 ? up : offers).map(({ share }) => share));
};

/** Every pool that may be bought from, with all that its costs depend on. */
export const outlooksOf = (
  tables: ValueTables,
  memory: JobMemory,
  view: PurchaseView,
  onDemandPrice: number,
): readonly PoolOutlook[] => {
  const offers = offersOf(memory, view, onDemandPrice);
  if (offers.length === 0) return [];
  const up = offers.map((offer) => upChance(offer.forecast));
  const long = offers.map(({ belief }, index) => (longShare(memory.hazards, belief) + up[index]!) / 2);
  const best = up.indexOf(Math.max(...up));
  const rivalShare = offers.length === 1 ? 0 : 1 - noneOf(long, best);
  const values = tables.valuesFor({ plan: memory.plan, spotShare: referenceShare(offers), rivalShare });
  return offers.map(({ name, share, forecast: foreseen }, index) => ({
    name,
    share,
    forecast: foreseen,
    values,
    rivalChance: 1 - noneOf(up, index),
  }));
};
