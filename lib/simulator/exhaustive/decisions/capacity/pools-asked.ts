import { askedPools, type PoolQuestion, scorePools } from '../../../../decisions/score-pool.ts';
import type { PoolMemory } from '../../../../fleet/fleet.ts';
import type { SpotStrategy } from '../../../../fleet/fleet-settings.ts';
import type { LossRecord } from '../../../../fleet/price-board.ts';
import type { DecisionTable } from '../decision-table.ts';
import { NOW, secondsAgo } from './capacity-world.ts';
import { compareTold, type ToldCase } from './told-cases.ts';

interface Market {
  /** In per cent of the on-demand price; unknown where nothing is said. */
  readonly prices?: Readonly<Record<string, number>>;
  readonly places?: readonly string[];
  readonly percentMax?: number;
  readonly strategy?: SpotStrategy;
  readonly memory?: Readonly<Record<string, PoolMemory>>;
  readonly doubted?: readonly string[];
  readonly losses?: Readonly<Record<string, LossRecord>>;
  readonly scores?: Readonly<Record<string, number>>;
  readonly held?: Readonly<Record<string, number>>;
  readonly wastedHours?: number;
  readonly readSecondsAgo?: number;
}

const byPoolKey = <Value>(of: Readonly<Record<string, Value>>): readonly (readonly [string, Value])[] =>
  Object.entries(of).map(([place, value]) => [`${place}/spot`, value] as const);

const questionOf = (market: Market): PoolQuestion => ({
  places: (market.places ?? ['m/a', 'm/b']).map((place) => {
    const [instanceType, zone] = place.split('/');
    return { instanceType: instanceType!, zone: zone! };
  }),
  policy: { spotPercentMax: market.percentMax ?? 90, spotStrategy: market.strategy ?? 'capacity' },
  memory: Object.fromEntries(byPoolKey(market.memory ?? {})),
  board: {
    form: 1,
    readAt: secondsAgo(market.readSecondsAgo ?? 300),
    slowReadAt: secondsAgo(40_000),
    spot: Object.fromEntries(
      Object.entries(market.prices ?? {}).map(([place, percent]) => [place, Math.round(percent * 10_000)]),
    ),
    onDemand: { m: 1_000_000, n: 1_000_000 },
    scores: market.scores ?? {},
    losses: market.losses ?? {},
  },
  wastedHours: market.wastedHours ?? 1 / 30,
  held: new Map(byPoolKey(market.held ?? {})),
  doubted: new Set((market.doubted ?? []).map((place) => `${place}/spot`)),
});

/** Who is asked, in that order; and who is not, and why. */
const judged = (of: string, market: Market, due: string): ToldCase => ({
  of,
  decided: () => {
    const scores = scorePools(questionOf(market), NOW);
    const asked = askedPools(scores).map(({ instanceType, zone }) => `${instanceType}/${zone}`);
    const out = scores.filter(({ verdict }) => verdict.kind !== 'ask');
    return [
      asked.join(' '),
      ...out.map(({ pool, verdict }) => `${pool.instanceType}/${pool.zone} ${verdict.kind}`).sort(),
    ].join('; ');
  },
  due,
});

const refused = (seconds: number): PoolMemory => ({ refusedAt: secondsAgo(seconds), strikes: 1 });
const reclaimed = (seconds: number): PoolMemory => ({ reclaimedAt: secondsAgo(seconds), strikes: 1 });

const ALONE = { 'm/b': refused(1) };
const STORM = { 'm/a': reclaimed(599), 'n/a': reclaimed(599) };
const THREE = ['m/a', 'n/a', 'm/b'];

/** The cheapest useful hour first, those of unknown price after them as the fleet file has them. */
const RANKED: readonly ToldCase[] = [
  judged('the cheaper first', { prices: { 'm/a': 40, 'm/b': 38 } }, 'm/b m/a'),
  judged('as dear', { prices: { 'm/a': 40, 'm/b': 40 } }, 'm/a m/b'),
  judged('one of unknown price', { prices: { 'm/b': 80 } }, 'm/b m/a'),
  judged('no price is known', {}, 'm/a m/b'),
  judged('prices just not too old', { prices: { 'm/a': 40, 'm/b': 38 }, readSecondsAgo: 21_599.999 }, 'm/b m/a'),
  judged('prices that are six hours old', { prices: { 'm/a': 40, 'm/b': 38 }, readSecondsAgo: 21_600 }, 'm/a m/b'),
  judged('a pool that has the fleet', { prices: { 'm/a': 40, 'm/b': 47 }, held: { 'm/a': 4 } }, 'm/b m/a'),
  judged(
    'a pool that has it, and is cheaper still',
    { prices: { 'm/a': 40, 'm/b': 49 }, held: { 'm/a': 4 } },
    'm/a m/b',
  ),
  judged('a pool that has three', { prices: { 'm/a': 40, 'm/b': 45 }, held: { 'm/a': 3 } }, 'm/a m/b'),
  judged('half a placement score', { prices: { 'm/a': 40, 'm/b': 43 }, scores: { a: 5 } }, 'm/b m/a'),
  judged('half a placement score, cheaper still', { prices: { 'm/a': 40, 'm/b': 45 }, scores: { a: 5 } }, 'm/a m/b'),
];

/** The table of docs/capacity.md: why a pool is left out, and until when. */
const LEFT_OUT: readonly ToldCase[] = [
  judged('refused three minutes ago', { memory: { 'm/a': refused(180) } }, 'm/a m/b'),
  judged('refused just since', { memory: { 'm/a': refused(179.999) } }, 'm/b; m/a set-aside'),
  judged('both refused', { memory: { 'm/a': refused(1), 'm/b': reclaimed(1) } }, '; m/a set-aside; m/b set-aside'),
  judged('as near on demand as it may be', { prices: { 'm/a': 90 } }, 'm/a m/b'),
  judged('too near on demand', { prices: { 'm/a': 90.1 } }, 'm/b; m/a too-dear'),
  judged('too near, and the last', { prices: { 'm/a': 90.1 }, memory: ALONE }, '; m/a too-dear; m/b set-aside'),
  judged('worth it with its losses', { prices: { 'm/a': 99.8 }, percentMax: 120 }, 'm/a m/b'),
  judged('not worth it with its losses', { prices: { 'm/a': 99.9 }, percentMax: 120 }, 'm/b; m/a not-worthwhile'),
  judged('likely to go', { doubted: ['m/a'] }, 'm/b; m/a doubted'),
  judged('all likely to go', { doubted: ['m/a', 'm/b'] }, 'm/a m/b'),
  judged('likely to go, and the last', { doubted: ['m/a'], memory: ALONE }, 'm/a; m/b set-aside'),
  judged('a storm', { places: THREE, memory: STORM }, 'm/b; m/a storm; n/a storm'),
  judged(
    'a storm ten minutes ago',
    { places: THREE, memory: { 'm/a': reclaimed(600), 'n/a': reclaimed(600) } },
    'm/a n/a m/b',
  ),
  judged('a storm everywhere', { places: ['m/a', 'n/a'], memory: STORM }, 'm/a n/a'),
  judged('15 % dearer', { prices: { 'm/a': 20, 'm/b': 23.01 } }, 'm/a; m/b dominated'),
  judged('just not 15 % dearer', { prices: { 'm/a': 20, 'm/b': 22.99 } }, 'm/a m/b'),
  judged(
    'dearer than one that is not asked',
    { prices: { 'm/a': 20, 'm/b': 60 }, memory: { 'm/a': refused(1) } },
    'm/b; m/a set-aside',
  ),
  judged(
    'cheaper, and lost each other hour',
    { prices: { 'm/a': 20, 'm/b': 30 }, losses: { 'm/a': { hours: 0, losses: 5 } }, wastedHours: 1 },
    'm/b; m/a dominated',
  ),
  judged(
    'dearer in another zone, spread evenly',
    { prices: { 'm/a': 20, 'm/b': 60 }, strategy: 'balanced' },
    'm/a m/b',
  ),
  judged(
    '2 % dearer than the cheapest',
    { prices: { 'm/a': 40, 'm/b': 40.81 }, strategy: 'cheapest' },
    'm/a; m/b dominated',
  ),
  judged('just not 2 % dearer', { prices: { 'm/a': 40, 'm/b': 40.79 }, strategy: 'cheapest' }, 'm/a m/b'),
];

/** Which spot pools a fleet asks, and in which order. */
export const poolsAsked: DecisionTable = {
  name: 'spot pools that are asked',
  promise: 'M1',
  tryAll: () => compareTold([...RANKED, ...LEFT_OUT]),
};
