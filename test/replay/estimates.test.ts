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
  it('is told half of the work and of the start-up, then sees what it worked, and is never told that nothing is left', () => {
    const heard = heardAt(0.5);
    expect(heard.map(({ workLeftSeconds }) => workLeftSeconds)).toEqual([1_200, 900, 600, 600, 600]);
    expect(heard[0]!.rules).toMatchObject({ workSeconds: 1_200, changeoverSeconds: 150, deadlineTicks: 12 });
  });

  it('is told twice of both, and done before it thought so', () => {
    expect(heardAt(2).map(({ workLeftSeconds }) => workLeftSeconds)).toEqual([4_800, 4_500, 3_900, 3_300, 2_700]);
  });

  it('pays what is so, not what it believes', () => {
    const costs = [0.5, 1, 2].map((factor) => runJob(misinformed(greedy, { factor }), MARKET, RULES).cost);
    expect(costs).toEqual([0.225, 0.225, 0.225]);
  });

  it('with the truth is the policy itself', () => {
    expect(misinformed(greedy, TRUE_ESTIMATES)).toBe(greedy);
  });
});
