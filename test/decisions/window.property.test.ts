import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DrawnMarket, playWindow } from './support/window-market.ts';

/** What docs/capacity.md states, in minutes: a start-up at most, and what is kept back. */
const START_UP = 4;
const RESERVE = 10;

const flags = (share: number) =>
  fc.array(
    fc.double({ min: 0, max: 1, noNaN: true }).map((chance) => chance < share),
    { minLength: 5, maxLength: 200 },
  );

/** Away and back for hours at a time. */
const spells = fc
  .array(fc.record({ is: fc.boolean(), minutes: fc.integer({ min: 1, max: 300 }) }), { minLength: 2, maxLength: 8 })
  .map((drawn) => drawn.flatMap(({ is, minutes }) => new Array<boolean>(minutes).fill(is)));

const alone = ({ tasks, slots, onDemandMax, taskMinutes }: Omit<DrawnMarket, 'windowMinutes'>): number =>
  START_UP + Math.ceil(tasks / (slots * onDemandMax)) * taskMinutes;

const markets = fc
  .record({
    tasks: fc.integer({ min: 1, max: 24 }),
    taskMinutes: fc.integer({ min: 1, max: 60 }),
    taskShares: fc.array(fc.constantFrom(0.5, 1, 1, 1), { minLength: 1, maxLength: 5 }),
    slots: fc.integer({ min: 1, max: 3 }),
    machinesMax: fc.integer({ min: 1, max: 12 }),
    onDemandShare: fc.double({ min: 0.1, max: 1, noNaN: true }),
    targetBacklog: fc.constantFrom(1, 3, 10),
    bootMinutes: fc.integer({ min: 0, max: START_UP }),
    spot: fc.oneof(spells, flags(0.5), fc.constant([false]), { weight: 3, arbitrary: fc.constant([true]) }),
    kills: fc.oneof(fc.constant([false]), flags(0.02), flags(0.2)),
    malignShare: fc.constantFrom(0, 0.3, 1, 1),
    // Around the moment at which spot is risked no more, which is where mistakes are made; and far from it.
    room: fc.oneof(fc.double({ min: 0, max: 2.5, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true })),
  })
  .map(({ room, onDemandShare, malignShare, ...drawn }): DrawnMarket => {
    const market = {
      ...drawn,
      malignMinutes: 0,
      onDemandMax: Math.max(1, Math.floor(onDemandShare * drawn.machinesMax)),
    };
    const least = alone(market) + RESERVE;
    const windowMinutes = Math.ceil(least + room * market.taskMinutes);
    return { ...market, windowMinutes, malignMinutes: malignShare * windowMinutes };
  });

describe('whatever spot does', () => {
  it('a window that on demand can keep is never missed', () => {
    fc.assert(
      fc.property(markets, (market) => {
        const { endedAfterMinutes, plans } = playWindow(market);
        expect(endedAfterMinutes, plans.slice(-12).join('\n')).toBeLessThanOrEqual(market.windowMinutes);
      }),
      { numRuns: 200 },
    );
  });

  it('nothing is bought on demand while on demand alone has time for a loss, a task and the reserve more', () => {
    fc.assert(
      fc.property(markets, (market) => {
        for (const { unfinished, minutesLeft } of playWindow(market).onDemandLaunches) {
          const needed = alone({ ...market, tasks: unfinished }) + START_UP + market.taskMinutes + RESERVE;
          expect(minutesLeft).toBeLessThan(needed);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('on-demand machines are not let go only to be bought again: half an hour lies between', () => {
    fc.assert(
      fc.property(markets, (market) => {
        expect(playWindow(market).turns).toBeLessThanOrEqual(1 + market.windowMinutes / 30);
      }),
      { numRuns: 100 },
    );
  });
});
