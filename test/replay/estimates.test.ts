import { describe, expect, it } from 'vitest';
import { misinformed, TRUE_ESTIMATES } from '../../lib/replay/estimates.ts';
import type { JobPolicyMaker, JobRules, JobView, Market } from '../../lib/replay/job.ts';
import { greedy } from '../../lib/replay/policies/greedy.ts';
import { runJob } from '../../lib/replay/run-job.ts';

const RULES: JobRules = {
  tickSeconds: 600,
  workSeconds: 2_400,
  deadlineTicks: 12,
  changeoverSeconds: 300,
  onDemandPrice: 1,
  billsWholeTicks: false,
};

const MARKET: Market = {
  pools: [{ name: 'a', available: new Uint8Array(12).fill(1), price: new Float64Array(12).fill(0.3) }],
};

/** Always on spot, and remembers what it was told. */
const listener = (heard: JobView[]): JobPolicyMaker => ({
  name: 'listener',
  create: () => ({
    choose: (view) => {
      heard.push(view);
      return 0;
    },
  }),
});

const heardAt = (factor: number): readonly JobView[] => {
  const heard: JobView[] = [];
  runJob(misinformed(listener(heard), { factor }), MARKET, RULES);
  return heard;
};

describe('a misinformed policy', () => {
  it('is told half of the work left and of the start-up in every tick', () => {
    const heard = heardAt(0.5);
    expect(heard.map(({ workLeftSeconds }) => workLeftSeconds)).toEqual([1_200, 1_050, 750, 450, 150]);
    expect(heard[0]!.rules).toMatchObject({ workSeconds: 1_200, changeoverSeconds: 150, deadlineTicks: 12 });
  });

  it('is told twice of both', () => {
    expect(heardAt(2).map(({ workLeftSeconds }) => workLeftSeconds)).toEqual([4_800, 4_200, 3_000, 1_800, 600]);
  });

  it('sees a start-up that takes longer than it believed only by what is not done', () => {
    const slow = { ...RULES, changeoverSeconds: 1_500 };
    const told = [0.5, 2].map((factor) => {
      const heard: JobView[] = [];
      runJob(misinformed(listener(heard), { factor }), MARKET, slow);
      return heard.slice(1, 5).map(({ changeoverLeftSeconds }) => changeoverLeftSeconds);
    });
    expect(told).toEqual([
      [150, 0, 0, 0],
      [2_400, 1_800, 0, 0],
    ]);
  });

  it('is held to its deadline by what it believes, not by the truth', () => {
    const idler: JobPolicyMaker = { name: 'idler', create: () => ({ choose: () => 'idle' }) };
    const missed = [0.5, 1, 2].map((factor) => runJob(misinformed(idler, { factor }), MARKET, RULES).isMissed);
    expect(missed).toEqual([true, false, false]);
  });

  it('pays what is so, not what it believes', () => {
    const costs = [0.5, 1, 2].map((factor) => runJob(misinformed(greedy, { factor }), MARKET, RULES).cost);
    expect(costs).toEqual([0.225, 0.225, 0.225]);
  });

  it('with the truth is the policy itself', () => {
    expect(misinformed(greedy, TRUE_ESTIMATES)).toBe(greedy);
  });
});
