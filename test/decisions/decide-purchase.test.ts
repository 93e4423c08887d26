import { describe, expect, it } from 'vitest';
import { type DrivenPool, drawn, driveJob, type Job, onePool } from './purchase/drive-job.ts';

const job = (changes: Partial<Job> = {}): Job => ({
  tickSeconds: 600,
  workSeconds: 4 * 3_600,
  ticks: 36,
  changeoverSeconds: 300,
  onDemandPrice: 1,
  ...changes,
});

const pool = (name: string, changes: Partial<DrivenPool> = {}): DrivenPool => ({
  name: `zone ${name}`,
  isAvailable: true,
  price: 0.3,
  ...changes,
});

describe('one pool', () => {
  it('is bought while it has spot, and the job costs the spot price', () => {
    const driven = driveJob(job(), onePool('#'));
    expect(drawn(driven)).toBe('a'.repeat(25));
    expect(driven.cost).toBeCloseTo(0.3 * (4 + 1 / 12), 9);
  });

  it('that never has spot is waited for, and left in time for on-demand', () => {
    const driven = driveJob(job(), onePool('.'));
    expect(drawn(driven)).toMatch(/^\.+D+$/);
    expect(driven).toMatchObject({ isMissed: false, launches: 1 });
    expect(driven.cost).toBeCloseTo(4 + 1 / 12, 9);
  });

  it('is not waited for where there is no time to wait', () => {
    expect(drawn(driveJob(job({ ticks: 25 }), onePool('.')))).toBe('D'.repeat(25));
  });

  it('that comes back is gone back to while there is time for another loss', () => {
    expect(drawn(driveJob(job({ ticks: 60 }), onePool('....##')))).toMatch(/^\.{4}a+$/);
  });

  it('dearer than the share that is allowed is not bought, and not waited for either', () => {
    const driven = driveJob(job({ extras: { spotShareMax: 0.2 } }), onePool('#'));
    expect(drawn(driven)).toBe('D'.repeat(25));
    expect(driven.reasons[0]).toContain('every pool is too dear or of unknown price');
  });

  it('whose price nobody knows is not taken to be free', () => {
    const driven = driveJob(job(), () => [pool('a', { price: 5, isPriceKnown: false })]);
    expect(drawn(driven)).toBe('D'.repeat(25));
  });

  it('whose price goes missing is taken to cost what it cost', () => {
    const driven = driveJob(job(), (tick) => [pool('a', { isPriceKnown: tick < 3 })]);
    expect(drawn(driven)).toBe('a'.repeat(25));
  });

  it('that kills every machine at once is left alone for longer and longer', () => {
    const driven = driveJob(job({ ticks: 72 }), (_tick, running) => [
      pool('a', { losesMachine: running.kind === 'spot' }),
    ]);
    const tries = drawn(driven).split('D')[0]!;
    expect(tries).toMatch(/a/);
    expect(driven.launches).toBeLessThan(12);
    expect(driven.isMissed).toBe(false);
  });
});

describe('several pools', () => {
  it('are judged by price where they are alike', () => {
    const driven = driveJob(job(), () => [pool('a', { price: 0.5 }), pool('b'), pool('c', { price: 0.4 })]);
    expect(drawn(driven)).toBe('b'.repeat(25));
  });

  it('are hopped between when the machine is lost, without a wait', () => {
    const driven = driveJob(job(), (tick) => [pool('a', { isAvailable: tick < 6 }), pool('b')]);
    expect(drawn(driven)).toMatch(/^a{6}b+$/);
  });

  it('are not hopped between for a price that hardly differs', () => {
    const driven = driveJob(job(), (tick) => [pool('a', { price: tick % 2 === 0 ? 0.3 : 0.306 }), pool('b')]);
    expect(driven.launches).toBe(1);
  });

  it('are left for one that costs so much less that it pays for the hop', () => {
    const driven = driveJob(job({ ticks: 27 }), (tick) => [
      pool('a', { price: 0.5 }),
      pool('b', { isAvailable: tick >= 3 }),
    ]);
    expect(drawn(driven)).toMatch(/^a{3}b+$/);
  });

  it('make the wait short where one of them has just gone and another may come', () => {
    const driven = driveJob(job({ ticks: 48 }), (tick) => [
      pool('a', { isAvailable: tick < 4 }),
      pool('b', { isAvailable: tick >= 7 }),
    ]);
    expect(drawn(driven)).toMatch(/^a{4}\.{3}b+$/);
  });
});

describe('the allowance', () => {
  /** Spot that earns nothing: as dear as on-demand, and gone after a tick. */
  const churn = (changes: Partial<Job> = {}) =>
    driveJob(job({ ticks: 72, changeoverSeconds: 900, ...changes }), (tick) => [
      pool('a', { isAvailable: tick % 3 !== 2, price: 0.9 }),
    ]);

  it('of nothing leaves one changeover for what is lost', () => {
    const driven = churn({ extras: { wasteShareMax: 0 } });
    expect(driven.cost).toBeLessThanOrEqual(4 + 0.25 + 0.25 + 1e-9);
  });

  it('is three hundredths of on-demand alone where nothing is said', () => {
    expect(churn().cost).toBeLessThanOrEqual((4 + 0.25) * 1.03 + 0.25 + 1e-9);
  });
});

describe('a reason', () => {
  const reasons = (on: ReturnType<typeof onePool>, changes: Partial<Job> = {}) => driveJob(job(changes), on).reasons;

  it('names the pool, its price, its chances, and what the choice saves', () => {
    expect(reasons(onePool('#'))[0]).toMatch(
      /^Goes on spot in zone a at 30 % of on demand, \d+ % sure to last the next 0\.2 h; expected to save \d+\.\d\d h of on demand against (waiting|on demand)\.$/,
    );
    expect(reasons(onePool('#'))[1]).toMatch(/^Stays on spot in zone a/);
  });

  it('for waiting says how much time may still be lost', () => {
    expect(reasons(onePool('.'))[0]).toMatch(/^Waits: 1\.9 h may still be lost; expected to save/);
  });

  it('for on-demand says what forces it', () => {
    expect(reasons(onePool('.'), { ticks: 25 })[0]).toBe(
      'On demand: anything else could miss the deadline (4.0 h of work, 4.2 h left).',
    );
  });
});

describe('an estimate', () => {
  const never = onePool('.');

  it('of half the work is found out in time where twice of it can still be done', () => {
    const halved = { pace: 0.5, ticks: 26 };
    for (const market of [never, onePool('#'), onePool('..##..'), onePool('#.#.#.#.')]) {
      expect(driveJob(job(halved), market).isMissed).toBe(false);
    }
  });

  it('of twice the work is found out, and on-demand left for spot', () => {
    const driven = driveJob(job({ pace: 2, ticks: 36 }), onePool('#'));
    expect(drawn(driven)).toMatch(/^D{4,6}a+$/);
  });

  it('is tried out early where double the work leaves no time to lose, and then trusted', () => {
    expect(drawn(driveJob(job({ ticks: 51 }), never))).toMatch(/^\.{0,3}D{4,6}\.+D+$/);
  });
});

describe('a machine that dies although its pool goes on to show spot', () => {
  it('is bought again there, and nothing else', () => {
    let ran = 0;
    const driven = driveJob(job({ ticks: 72, changeoverSeconds: 60 }), (_tick, running) => {
      ran = running.kind === 'spot' ? ran + 1 : 0;
      return [pool('a', { losesMachine: ran > 6 })];
    });
    expect(drawn(driven)).toMatch(/^[a.]+$/);
    expect(driven.launches).toBeGreaterThan(2);
  });
});
