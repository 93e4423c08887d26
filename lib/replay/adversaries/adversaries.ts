import type { Random } from '../../ports/random.ts';
import type { MarketPool } from '../job.ts';
import { between, inSpells, memoryless } from './spells.ts';

/** What a market is made for. */
export interface Stage {
  readonly random: Random;
  readonly ticks: number;
  /** A start-up or a tick, whichever is longer, in ticks: what is a short spell for this job. */
  readonly unit: number;
}

/** A market made to hurt whoever has learned from others. */
export interface Adversary {
  readonly name: string;
  readonly pools: (stage: Stage) => readonly MarketPool[];
  /** A machine on spot is lost at the end of the tick in which its start-up ends, whatever its pool shows. */
  readonly isDeadly?: boolean;
  /** Every seed gives the same. */
  readonly isFixed?: boolean;
}

const PRICE = 0.3;
const POOLS = 3;

const poolOf = (available: Uint8Array, index = 0): MarketPool => ({
  name: `zone ${index}`,
  available,
  price: new Float64Array(available.length).fill(PRICE * (1 + index / 10)),
});

const single = (make: (stage: Stage) => Uint8Array) => (stage: Stage) => [poolOf(make(stage))];

const everyTick = ({ ticks }: Stage, isUp: (tick: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: ticks }, (_, tick) => (isUp(tick) ? 1 : 0));

const comesAndGoes = ({ random, ticks, unit }: Stage): Uint8Array =>
  inSpells(ticks, random() < 0.6, memoryless(random, 6 * unit), memoryless(random, 3 * unit));

/** The price of each tick is told as often as not. */
const priceUnknown = (pool: MarketPool, random: Random): MarketPool => ({
  ...pool,
  isPriceKnown: Uint8Array.from(pool.available, () => (random() < 0.5 ? 1 : 0)),
});

const YOUNG_DIE_SHARE = 0.8;

export const ADVERSARIES: readonly Adversary[] = [
  { name: 'never any spot', isFixed: true, pools: single((stage) => everyTick(stage, () => false)) },
  { name: 'always spot', isFixed: true, pools: single((stage) => everyTick(stage, () => true)) },
  { name: 'flaps every tick', isFixed: true, pools: single((stage) => everyTick(stage, (tick) => tick % 2 === 0)) },
  {
    name: 'dies right after every launch',
    isFixed: true,
    isDeadly: true,
    pools: (stage) =>
      Array.from({ length: POOLS }, (_, index) =>
        poolOf(
          everyTick(stage, () => true),
          index,
        ),
      ),
  },
  {
    name: 'all pools at once',
    pools: (stage) => {
      const available = comesAndGoes(stage);
      return Array.from({ length: POOLS }, (_, index) => poolOf(available, index));
    },
  },
  {
    name: 'prices go missing',
    pools: (stage) =>
      Array.from({ length: POOLS }, (_, index) => priceUnknown(poolOf(comesAndGoes(stage), index), stage.random)),
  },
  {
    name: 'young spells die, old ones last',
    pools: single(({ random, ticks, unit }) => {
      const [short, long] = [between(random, 1, unit), between(random, 20 * unit, 60 * unit)];
      const up = (): number => (random() < YOUNG_DIE_SHARE ? short() : long());
      return inSpells(ticks, random() < 0.5, up, memoryless(random, 2 * unit));
    }),
  },
  {
    name: 'young spells last, old ones die',
    pools: single(({ random, ticks, unit }) =>
      inSpells(ticks, random() < 0.5, between(random, 7 * unit, 9 * unit), between(random, 2 * unit, 4 * unit)),
    ),
  },
  {
    name: 'no memory',
    pools: single(({ random, ticks, unit }) =>
      inSpells(ticks, random() < 0.8, memoryless(random, 6 * unit), memoryless(random, 1.2 * unit)),
    ),
  },
  {
    name: 'long spells',
    pools: single(({ random, ticks, unit }) =>
      inSpells(ticks, random() < 0.6, between(random, 12 * unit, 36 * unit), between(random, 4 * unit, 12 * unit)),
    ),
  },
];
