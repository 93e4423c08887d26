import { describe, expect, it } from 'vitest';
import { ADVERSARIES } from '../../lib/replay/adversaries/adversaries.ts';
import type { Replayed } from '../../lib/replay/case.ts';
import type { JobPolicyMaker, JobRules } from '../../lib/replay/job.ts';
import { optimumCost } from '../../lib/replay/optimum.ts';
import { seededRandom } from '../../lib/replay/random.ts';
import { runJob } from '../../lib/replay/run-job.ts';
import { adversarial } from '../../lib/replay/suites/adversarial.ts';
import { jobSuite } from '../../lib/replay/suites/job-suite.ts';

/** Far more than it takes, so that a busy machine fails nothing. */
const PATIENCE_MS = 240_000;

const ticksOf300s = [...adversarial.runs(() => '')].filter(({ block }) => block.startsWith('300 s'));

const replayed = (): readonly Replayed[] => {
  const part = jobSuite({ name: 'part', costMeaning: '', files: [], runs: () => ticksOf300s });
  return [...part.cases(() => '')].flatMap((each) => each.replay(['spothop']));
};

describe('on markets made up to hurt', { timeout: PATIENCE_MS }, () => {
  it('no feasible deadline is missed, and nothing costs more than the most that is stated, whatever was told', () => {
    const ours = replayed().filter(({ policy }) => policy === 'spothop');
    expect(ours.length).toBeGreaterThan(80);
    expect(ours.filter(({ isMissed }) => isMissed)).toEqual([]);
    for (const { ofMost, cell } of ours) expect(ofMost, cell).toBeLessThanOrEqual(1);
  });

  it('the same seed makes the same market, another one another', () => {
    const made = (seed: number): unknown =>
      ADVERSARIES.map(({ pools }) => pools({ random: seededRandom(seed), ticks: 50, unit: 2 }));
    expect(made(1)).toEqual(made(1));
    expect(made(1)).not.toEqual(made(2));
  });
});

describe('spot that dies right after every launch', () => {
  const rules: JobRules = {
    tickSeconds: 600,
    workSeconds: 2_400,
    deadlineTicks: 12,
    changeoverSeconds: 600,
    onDemandPrice: 1,
    billsWholeTicks: false,
    isSpotDeadly: true,
  };
  const market = {
    pools: [{ name: 'a', available: new Uint8Array(12).fill(1), price: new Float64Array(12).fill(0.3) }],
  };
  const always: JobPolicyMaker = { name: 'always', create: () => ({ choose: () => 0 }) };

  it('never works where a start-up is as long as a tick, so that only on-demand is left', () => {
    expect(runJob(always, market, rules)).toMatchObject({ launches: 8, isMissed: false });
    expect(optimumCost(market, rules)).toBeCloseTo(3_000 / 3_600, 9);
  });

  it('works for the rest of a longer tick, and is launched anew in each', () => {
    const short = { ...rules, changeoverSeconds: 200 };
    const { cost, launches } = runJob(always, market, short);
    expect(launches).toBe(6);
    expect(cost).toBeCloseTo((0.3 * (2_400 + 6 * 200)) / 3_600, 9);
    expect(optimumCost(market, short)).toBeCloseTo(cost, 9);
  });
});
