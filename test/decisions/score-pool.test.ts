import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wastedHours } from '../../lib/decisions/loss-rate.ts';
import { askedPools, type PoolQuestion, type PoolScore, scorePools } from '../../lib/decisions/score-pool.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import { atSecond, START } from '../support/records.ts';

const PLACES = ['a', 'b'].flatMap((zone) =>
  ['c7g.large', 'm7g.large'].map((instanceType) => ({ instanceType, zone: `us-east-1${zone}` })),
);

/** Everything at 30 % of on demand, nothing lost yet. */
const BOARD: PriceBoard = {
  form: 1,
  readAt: START,
  slowReadAt: START,
  spot: Object.fromEntries(PLACES.map(({ instanceType, zone }) => [`${instanceType}/${zone}`, 30_000])),
  onDemand: { 'c7g.large': 100_000, 'm7g.large': 100_000 },
  scores: {},
  losses: {},
};

const asked = (changes: Partial<PoolQuestion> = {}, now = START): readonly PoolScore[] =>
  scorePools(
    {
      places: PLACES,
      policy: { spotPercentMax: 90, spotStrategy: 'capacity' },
      memory: {},
      board: BOARD,
      wastedHours: 0.05,
      held: new Map(),
      doubted: new Set(),
      ...changes,
    },
    now,
  );

const nameOf = ({ pool }: PoolScore): string => `${pool.instanceType}/${pool.zone}`;

const verdicts = (scores: readonly PoolScore[]): Record<string, string> =>
  Object.fromEntries(scores.map((score) => [nameOf(score), score.verdict.kind]));

const priced = (spot: Record<string, number>, changes: Partial<PriceBoard> = {}): Partial<PoolQuestion> => ({
  board: { ...BOARD, spot: { ...BOARD.spot, ...spot }, ...changes },
});

const FIRST = 'c7g.large/us-east-1a';
const LAST = 'm7g.large/us-east-1b';

describe('the order of pools', () => {
  it('is the cost of an hour of work that counts, cheapest first', () => {
    const scores = asked(priced({ [LAST]: 28_000, [FIRST]: 31_000 }));
    expect(scores.map(nameOf)).toEqual([LAST, 'm7g.large/us-east-1a', 'c7g.large/us-east-1b', FIRST]);
  });

  it('is the user’s own while no price is known', () => {
    for (const board of [undefined, { ...BOARD, spot: {} }]) {
      const scores = asked({ board });
      expect(scores.map(nameOf)).toEqual(PLACES.map(({ instanceType, zone }) => `${instanceType}/${zone}`));
      expect(scores.map(({ usefulHourMicroUsd }) => usefulHourMicroUsd)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  it('counts what losses waste: 1.0 losses an hour at 0.1 h each make ten hours of eleven useful', () => {
    const losses = { [FIRST]: { hours: 990, losses: 999.5 } };
    const [score] = asked({ ...priced({}, { losses }), wastedHours: 0.1 }).filter((one) => nameOf(one) === FIRST);
    expect(score!.lossesPerHour).toBe(1);
    expect(score!.usefulHourMicroUsd).toBe(33_333);
  });

  it('puts a pool after a safer one that costs the same', () => {
    const losses = { [FIRST]: { hours: 100, losses: 50 } };
    expect(asked(priced({}, { losses })).map(nameOf).at(-1)).toBe(FIRST);
  });

  it('puts a zone with a better placement score first, when the price is about the same', () => {
    const scores = { 'us-east-1a': 3, 'us-east-1b': 9 };
    expect(asked(priced({}, { scores })).map(({ pool }) => pool.zone)).toEqual([
      'us-east-1b',
      'us-east-1b',
      'us-east-1a',
      'us-east-1a',
    ]);
  });

  it('lets a fleet that stands in one pool look at others, too', () => {
    const held = new Map([[`${LAST}/spot`, 8]]);
    const spot = { [LAST]: 25_000 };
    expect(verdicts(asked(priced(spot)))[FIRST]).toBe('dominated');
    expect(verdicts(asked({ ...priced(spot), held }))[FIRST]).toBe('ask');
  });
});

describe('a pool is not asked', () => {
  it('above the fleet’s share of the on-demand price, and is at that share', () => {
    expect(verdicts(asked(priced({ [FIRST]: 90_001 })))[FIRST]).toBe('too-dear');
    const alone = { places: [PLACES[0]!], ...priced({ [FIRST]: 90_000 }) };
    expect(verdicts(asked(alone))[FIRST]).toBe('ask');
  });

  it('when losses make its useful hour dearer than on demand', () => {
    const losses = { [FIRST]: { hours: 90, losses: 1_000 } };
    const alone = { places: [PLACES[0]!], wastedHours: 0.09, ...priced({ [FIRST]: 60_000 }, { losses }) };
    expect(verdicts(asked(alone))[FIRST]).toBe('not-worthwhile');
  });

  it('while it is set aside, and is asked again when that has passed', () => {
    const memory = { [`${FIRST}/spot`]: { reclaimedAt: START, strikes: 1 } };
    expect(verdicts(asked({ memory }, atSecond(179)))[FIRST]).toBe('set-aside');
    expect(verdicts(asked({ memory }, atSecond(180)))[FIRST]).toBe('ask');
  });

  it('while its machines are likely to be taken, unless it is the last one', () => {
    expect(verdicts(asked({ doubted: new Set([`${FIRST}/spot`]) }))[FIRST]).toBe('doubted');
    const alone = { places: [PLACES[0]!], doubted: new Set([`${FIRST}/spot`]) };
    expect(verdicts(asked(alone))[FIRST]).toBe('ask');
  });

  it('when another costs a seventh less, is no riskier, and is asked itself', () => {
    const scores = asked(priced({ [LAST]: 26_000 }));
    expect(scores.find((score) => nameOf(score) === FIRST)!.verdict).toEqual({
      kind: 'dominated',
      by: { instanceType: 'm7g.large', zone: 'us-east-1b', purchase: 'spot' },
    });
    expect(askedPools(scores)).toHaveLength(1);
  });

  it('and is asked as soon as what dominates it gives nothing', () => {
    const memory = { [`${LAST}/spot`]: { refusedAt: START, strikes: 1 } };
    expect(askedPools(asked({ ...priced({ [LAST]: 26_000 }), memory }))).toHaveLength(3);
  });

  it('for a cheaper one that is riskier only when the difference is large', () => {
    const losses = { [LAST]: { hours: 100, losses: 20 } };
    expect(verdicts(asked(priced({ [LAST]: 24_000 }, { losses })))[FIRST]).toBe('ask');
    expect(verdicts(asked(priced({ [LAST]: 18_000 }, { losses })))[FIRST]).toBe('dominated');
  });

  it('for another that is cheaper at all, in a fleet that wants the cheapest', () => {
    const policy = { spotPercentMax: 90, spotStrategy: 'cheapest' as const };
    expect(askedPools(asked({ ...priced({ [LAST]: 29_000 }), policy }))).toHaveLength(1);
  });

  it('for one in another zone, in a fleet that is spread over its zones', () => {
    const policy = { spotPercentMax: 90, spotStrategy: 'balanced' as const };
    const zones = askedPools(asked({ ...priced({ [LAST]: 20_000 }), policy })).map(({ zone }) => zone);
    expect(new Set(zones)).toEqual(new Set(['us-east-1a', 'us-east-1b']));
  });
});

describe('a storm', () => {
  const wide = ['a', 'b'].flatMap((zone) =>
    ['c7g.large', 'm7g.large', 'r7g.large'].map((instanceType) => ({ instanceType, zone: `us-east-1${zone}` })),
  );
  const reclaimed = (...places: string[]) =>
    Object.fromEntries(places.map((place) => [`${place}/spot`, { reclaimedAt: START, strikes: 1 }]));
  const memory = reclaimed('c7g.large/us-east-1a', 'm7g.large/us-east-1a');

  it('in two of three types of a zone sets the third one aside, for ten minutes', () => {
    const question = { places: wide, board: undefined, memory };
    expect(verdicts(asked(question, atSecond(30)))['r7g.large/us-east-1a']).toBe('storm');
    expect(verdicts(asked(question, atSecond(600)))['r7g.large/us-east-1a']).toBe('ask');
  });

  it('is not made by one pool', () => {
    const one = { places: wide, board: undefined, memory: reclaimed('c7g.large/us-east-1a') };
    expect(askedPools(asked(one, atSecond(30)))).toHaveLength(5);
  });

  it('leaves what there is while there is nothing else', () => {
    const inOneZone = { places: wide.slice(0, 3), board: undefined, memory };
    expect(askedPools(asked(inOneZone, atSecond(30))).map(({ instanceType }) => instanceType)).toEqual(['r7g.large']);
  });
});

describe('prices that nobody has read for six hours', () => {
  it('are unknown, and bar no pool', () => {
    const dear = { board: { ...BOARD, spot: { [FIRST]: 99_000 } } };
    expect(verdicts(asked(dear, atSecond(21_599)))[FIRST]).toBe('too-dear');
    expect(verdicts(asked(dear, atSecond(21_600)))[FIRST]).toBe('ask');
  });
});

describe('what one loss wastes', () => {
  it('is a start-up, and half of a task that does not end within the notice', () => {
    expect(wastedHours(undefined, 120) * 3_600).toBe(120);
    expect(wastedHours(60, 120) * 3_600).toBe(120);
    expect(wastedHours(3_600, 120) * 3_600).toBe(1_920);
  });
});

describe('whatever is known and whatever happened', () => {
  const place = fc.constantFrom(...PLACES.map(({ instanceType, zone }) => `${instanceType}/${zone}`));
  const question = fc.record({
    spot: fc.dictionary(place, fc.integer({ min: 1, max: 200_000 })),
    onDemand: fc.dictionary(fc.constantFrom('c7g.large', 'm7g.large'), fc.integer({ min: 1, max: 200_000 })),
    scores: fc.dictionary(fc.constantFrom('us-east-1a', 'us-east-1b'), fc.integer({ min: 1, max: 10 })),
    losses: fc.dictionary(
      place,
      fc.record({
        hours: fc.double({ min: 0, max: 1e4, noNaN: true }),
        losses: fc.double({ min: 0, max: 1e4, noNaN: true }),
      }),
    ),
    memory: fc.dictionary(
      place.map((name) => `${name}/spot`),
      fc.record({ strikes: fc.integer({ min: 0, max: 5 }), reclaimedAt: fc.constantFrom(START, atSecond(-900)) }),
    ),
    held: fc.dictionary(
      place.map((name) => `${name}/spot`),
      fc.integer({ min: 0, max: 9 }),
    ),
    doubted: fc.uniqueArray(place.map((name) => `${name}/spot`)),
    strategy: fc.constantFrom('capacity' as const, 'balanced' as const, 'cheapest' as const),
    percent: fc.constantFrom(30, 90, 100, 1_000),
  });

  it('a pool is shown once; what is asked keeps to the threshold; what is dominated is so by one that is asked', () => {
    fc.assert(
      fc.property(question, ({ spot, onDemand, scores, losses, memory, held, doubted, strategy, percent }) => {
        const judged = asked({
          policy: { spotPercentMax: percent, spotStrategy: strategy },
          board: { ...BOARD, spot, onDemand, scores, losses },
          memory,
          held: new Map(Object.entries(held)),
          doubted: new Set(doubted),
        });
        expect(judged.map(nameOf).toSorted()).toEqual(
          PLACES.map((one) => `${one.instanceType}/${one.zone}`).toSorted(),
        );
        const inPlan = judged.filter(({ verdict }) => verdict.kind === 'ask');
        const names = inPlan.map(nameOf);
        for (const { pool } of inPlan) {
          const price = spot[`${pool.instanceType}/${pool.zone}`];
          const most = onDemand[pool.instanceType];
          if (price !== undefined && most !== undefined) expect(100 * price).toBeLessThanOrEqual(percent * most);
        }
        for (const { verdict } of judged) {
          if (verdict.kind === 'dominated') expect(names).toContain(`${verdict.by.instanceType}/${verdict.by.zone}`);
          if (verdict.kind === 'storm' || verdict.kind === 'doubted') expect(names).not.toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
  });
});
