import { describe, expect, it } from 'vitest';
import type { Choice, JobPolicyMaker, JobRules, Market } from '../../lib/replay/job.ts';
import { greedy, leaderboardGreedy } from '../../lib/replay/policies/greedy.ts';
import { onDemandOnly } from '../../lib/replay/policies/on-demand-only.ts';
import { uniformProgress } from '../../lib/replay/policies/uniform-progress.ts';
import { runJob } from '../../lib/replay/run-job.ts';

/** Ticks of an hour: `1` where spot can be had. */
const market = (...pools: readonly string[]): Market => ({
  pools: pools.map((ticks, index) => ({
    name: `pool ${index}`,
    available: Uint8Array.from(ticks, Number),
    price: new Float64Array(ticks.length).fill(0.3 + index / 10),
  })),
});

const rules = (changes: Partial<JobRules> = {}): JobRules => ({
  tickSeconds: 3_600,
  workSeconds: 3 * 3_600,
  deadlineTicks: 6,
  changeoverSeconds: 900,
  onDemandPrice: 1,
  billsWholeTicks: false,
  ...changes,
});

const LETTERS = (choice: Choice): string => (choice === 'idle' ? '.' : choice === 'on-demand' ? 'D' : `${choice}`);

const drawn = (maker: JobPolicyMaker, on: Market, by: JobRules): string =>
  runJob(maker, on, by).choices.map(LETTERS).join('');

describe('greedy', () => {
  it('takes spot, waits without it, and stays on demand once nothing else is in time', () => {
    expect(drawn(greedy, market('110000'), rules())).toBe('00..DD');
    expect(drawn(greedy, market('000111'), rules())).toBe('..DDDD');
  });

  it('takes the cheapest pool and stays in it', () => {
    expect(drawn(greedy, market('011111', '111111'), rules())).toBe('1111');
    expect(drawn(greedy, market('111111', '111111'), rules())).toBe('0000');
  });

  it('of the leaderboard rides spot past its net while it lasts', () => {
    const tight = rules({ workSeconds: 2.5 * 3_600, deadlineTicks: 4 });
    expect(drawn(leaderboardGreedy, market('1111'), tight)).toBe('000');
    expect(drawn(leaderboardGreedy, market('1011'), tight)).toBe('0DD');
  });
});

describe('uniform progress', () => {
  it('buys on demand when it is behind its line, and leaves it when spot appears', () => {
    expect(drawn(uniformProgress, market('001110'), rules())).toBe('.D000');
  });

  it('is on demand for good once time is short', () => {
    expect(drawn(uniformProgress, market('0000'), rules({ deadlineTicks: 4 }))).toBe('DDDD');
  });
});

describe('a replayed job', () => {
  it('pays the start-up of every launch, and only the part of the last tick that it used', () => {
    expect(runJob(onDemandOnly, market('000000'), rules())).toMatchObject({ cost: 3.25, launches: 1, isMissed: false });
    expect(runJob(onDemandOnly, market('000000'), rules({ billsWholeTicks: true })).cost).toBe(4);
  });

  it('pays again when spot is taken away, and the lost machine costs nothing more', () => {
    const outcome = runJob(greedy, market('101111'), rules());
    expect(outcome.choices.map(LETTERS).join('')).toBe('0.000');
    expect(outcome.launches).toBe(2);
    expect(outcome.cost).toBeCloseTo(0.3 * 3.5, 9);
  });

  it('forces on-demand on a policy that would miss its deadline', () => {
    const idler: JobPolicyMaker = { name: 'idler', create: () => ({ choose: () => 'idle' }) };
    expect(drawn(idler, market('111111'), rules())).toBe('..DDDD');
  });

  it('is the fault of the policy that asks for spot where there is none', () => {
    const blind: JobPolicyMaker = { name: 'blind', create: () => ({ choose: () => 0 }) };
    expect(() => runJob(blind, market('000000'), rules())).toThrow('has no spot');
  });
});
