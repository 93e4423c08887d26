import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../lib/replay/random.ts';
import { type DrivenPool, driveJob, type Job, type MarketOf } from './drive-job.ts';

const RUNS = 100;
/** Far more than a run takes, so that a busy machine fails nothing. */
const PATIENCE_MS = 240_000;
const TICK_SECONDS = 600;
const ON_DEMAND = 1;
const WORK_SECONDS = 4 * 3_600;
/** Stated with the policy: this share of on-demand alone, and one changeover. */
const WASTE_SHARE = 0.03;

/** Few kinds of job, so that their values are worked out once each; the traces differ in every run. */
interface JobKind {
  readonly changeoverSeconds: number;
  readonly deadline: number;
}

const jobs: fc.Arbitrary<JobKind> = fc.record({
  changeoverSeconds: fc.constantFrom(60, 300, 900),
  deadline: fc.constantFrom(1.05, 1.1, 1.3, 2, 3),
});

/** Feasible: on-demand alone is in time. */
const jobOf = ({ changeoverSeconds, deadline }: JobKind): Job => {
  const least = Math.ceil((WORK_SECONDS + changeoverSeconds) / TICK_SECONDS);
  const ticks = Math.max(least, Math.floor((deadline * WORK_SECONDS) / TICK_SECONDS));
  return { tickSeconds: TICK_SECONDS, workSeconds: WORK_SECONDS, ticks, changeoverSeconds, onDemandPrice: ON_DEMAND };
};

/** Spot that comes and goes with these chances a tick, in so many pools. */
const comingAndGoing = (seed: number, loss: number, back: number, pools: number): MarketOf => {
  const random = seededRandom(seed);
  const up = Array.from({ length: pools }, () => random() < 0.5);
  return () =>
    up.map((isUp, index): DrivenPool => {
      up[index] = isUp ? random() >= loss : random() < back;
      return { name: `zone ${index}`, isAvailable: up[index]!, price: 0.25 + 0.1 * index };
    });
};

const chances = fc.record({
  seed: fc.nat(),
  loss: fc.double({ min: 0.001, max: 0.95, noNaN: true }),
  back: fc.double({ min: 0.001, max: 0.95, noNaN: true }),
  pools: fc.constantFrom(1, 3),
});

/** Spot that dies before it has shown its pace, for a job that was told twice its work: what it seemed to do was half of it. */
const CREDIT_FOR_WORK_THAT_IS_NONE = [
  { changeoverSeconds: 900, deadline: 3 },
  { seed: 850_291_157, loss: 0.685, back: 0.437, pools: 3 as 1 | 3 },
  [2, 0.5] as readonly [number, number],
] as const;

/** What was told of: work for a second of it, and start-ups for a second of theirs. */
const MISJUDGED: readonly (readonly [pace: number, startUp: number])[] = [
  [0.5, 0.5],
  [0.5, 1],
  [1, 0.5],
  [2, 2],
  [0.5, 2],
  [2, 0.5],
];

const bound = ({ workSeconds, changeoverSeconds, estimateSeconds, onDemandPrice }: Job): number => {
  const longest = Math.max(changeoverSeconds, estimateSeconds ?? 0);
  const alone = (workSeconds + longest) * (1 + WASTE_SHARE);
  return ((alone + longest) * onDemandPrice) / 3_600 + 1e-6;
};

const keepsItsPromises = (job: Job, market: MarketOf): void => {
  const driven = driveJob(job, market);
  expect(driven.isMissed).toBe(false);
  expect(driven.cost).toBeLessThanOrEqual(bound(job));
  for (const reason of driven.reasons) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
};

describe('whatever the market does, a feasible deadline is kept and the stated bound on cost holds', {
  timeout: PATIENCE_MS,
}, () => {
  it('where spot comes and goes at random in one pool or three', () => {
    fc.assert(
      fc.property(jobs, chances, (job, { seed, loss, back, pools }) =>
        keepsItsPromises(jobOf(job), comingAndGoing(seed, loss, back, pools)),
      ),
      { numRuns: RUNS },
    );
  });

  it('where spot dies right after every launch', () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 3), (job, life, pools) => {
        let ran = 0;
        keepsItsPromises(jobOf(job), (_tick, running) => {
          ran = running.kind === 'spot' ? ran + 1 : 0;
          return Array.from({ length: pools }, (_, index) => {
            const name = `zone ${index}`;
            const dies = ran >= life && running.kind === 'spot' && running.pool === name;
            return { name, isAvailable: !dies, price: 0.3 };
          });
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('where machines die although their pool goes on to show spot', () => {
    fc.assert(
      fc.property(jobs, fc.nat(), fc.double({ min: 0.1, max: 1, noNaN: true }), (job, seed, dies) => {
        const random = seededRandom(seed);
        keepsItsPromises(jobOf(job), () => [
          { name: 'zone a', isAvailable: true, price: 0.4, losesMachine: random() < dies },
        ]);
      }),
      { numRuns: RUNS },
    );
  });

  it('where all pools are lost and come back in the same minute', () => {
    fc.assert(
      fc.property(jobs, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 30 }), (job, spells) => {
        const states = spells.flatMap((ticks, index) => Array.from({ length: ticks }, () => index % 2 === 0));
        keepsItsPromises(jobOf(job), (tick) =>
          ['a', 'b', 'c'].map((name) => ({ name, isAvailable: states[tick % states.length]!, price: 0.3 })),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('where old spot is lost and young spot lasts: the reverse of what was learned', () => {
    fc.assert(
      fc.property(jobs, fc.nat(), fc.integer({ min: 3, max: 12 }), (job, seed, ripe) => {
        const random = seededRandom(seed);
        let age = 0;
        let isUp = true;
        keepsItsPromises(jobOf(job), () => {
          age += 1;
          if (random() < (age >= ripe ? 0.6 : 0.01)) {
            isUp = !isUp;
            age = 0;
          }
          return [{ name: 'zone a', isAvailable: isUp, price: 0.3 }];
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('where prices go missing, of spot and of on-demand', () => {
    fc.assert(
      fc.property(jobs, chances, fc.boolean(), (job, { seed, loss, back, pools }, isOnDemandPriceKnown) => {
        const random = seededRandom(seed + 1);
        const market = comingAndGoing(seed, loss, back, pools);
        const driven = driveJob({ ...jobOf(job), isOnDemandPriceKnown }, (tick, running) =>
          market(tick, running).map((pool) => ({ ...pool, isPriceKnown: random() < 0.5 })),
        );
        expect(driven.isMissed).toBe(false);
        if (isOnDemandPriceKnown) expect(driven.cost).toBeLessThanOrEqual(bound(jobOf(job)));
      }),
      { numRuns: RUNS },
    );
  });

  it('where a start-up takes twice or half the estimate', () => {
    fc.assert(
      fc.property(jobs, chances, fc.constantFrom(0.5, 2), (job, { seed, loss, back, pools }, wrong) => {
        const real = jobOf(job);
        const estimated = { ...real, estimateSeconds: real.changeoverSeconds * wrong };
        keepsItsPromises(estimated, comingAndGoing(seed, loss, back, pools));
      }),
      { numRuns: RUNS },
    );
  });

  it('where half or twice of all that is to come was told, of the work, the start-up or both', () => {
    fc.assert(
      fc.property(jobs, chances, fc.constantFrom(...MISJUDGED), (job, { seed, loss, back, pools }, [pace, startUp]) => {
        const real = jobOf(job);
        const told = { ...real, pace, estimateSeconds: real.changeoverSeconds * startUp };
        keepsItsPromises(told, comingAndGoing(seed, loss, back, pools));
      }),
      { numRuns: RUNS, examples: [[...CREDIT_FOR_WORK_THAT_IS_NONE]] },
    );
  });

  it('where ticks are far shorter or longer than a start-up', () => {
    const ticks = fc.constantFrom({ tickSeconds: 34, workSeconds: 1_800 }, { tickSeconds: 3_600, workSeconds: 43_200 });
    fc.assert(
      fc.property(jobs, ticks, chances, ({ changeoverSeconds, deadline }, kind, { seed, loss, back, pools }) => {
        const { tickSeconds, workSeconds } = kind;
        const least = Math.ceil((workSeconds + changeoverSeconds) / tickSeconds);
        const due = Math.max(least, Math.floor((deadline * workSeconds) / tickSeconds));
        const job = { ...kind, ticks: due, changeoverSeconds, onDemandPrice: ON_DEMAND };
        keepsItsPromises(job, comingAndGoing(seed, loss, back, pools));
      }),
      { numRuns: RUNS },
    );
  });
});
