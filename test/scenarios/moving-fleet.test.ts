import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { livingMachines } from '../../lib/cli/start/run-tally.ts';
import { connectPrices } from '../../lib/wiring-cli.ts';
import { run } from '../cli/support.ts';
import { type MovingFleet, movingFleet, STACK } from './support/moving-fleet.ts';

/** The packaged service on a calm market, in which one pool gets dear and then spot is nowhere. Wall-clock time, on a busy machine. */
const SCENARIO_MS_MAX = 420_000;

interface Pool {
  readonly instanceType: string;
  readonly zone: string;
  readonly verdict: string;
  readonly advice: string;
  readonly placementScore: number | null;
  readonly savesShare: number | null;
}

let fleet: MovingFleet;
let first: string;
let calm: readonly Pool[];
let dear: readonly Pool[];
let movedTo: readonly string[];
let stoodIn: readonly string[];
let returnedTo: readonly string[];

const pools = (): string[] => livingMachines(fleet.tally).map(({ pool }) => pool);

const shownPools = async (): Promise<readonly Pool[]> => {
  const connect = {
    connectPrices: (choice: { readonly stack?: string | undefined }) => connectPrices(process.env, choice),
  };
  const { stdout } = await run(['prices', '--stack', STACK, '--json'], {}, Date.now(), {}, connect);
  return (JSON.parse(stdout) as { pools: readonly Pool[] }).pools;
};

beforeAll(async () => {
  fleet = await movingFleet();
  const { cloud } = fleet;
  await fleet.readPrices();
  await fleet.until('The start of the fleet', () => pools().length === 2);
  calm = await shownPools();
  first = pools()[0]!;
  await cloud.machines.applyScript([{ afterMs: 0, happening: 'dear', percentOfOnDemand: 120, durationMs: 7_200_000 }]);
  await fleet.readPrices();
  dear = await shownPools();
  await fleet.until('The move to a better pool', () => pools().length === 2 && !pools().includes(first));
  movedTo = pools();
  await cloud.machines.applyScript([{ afterMs: 0, happening: 'no-spot', durationMs: 60_000 }]);
  await fleet.until('The fallback to on demand', () => pools().some((pool) => pool.endsWith('/on-demand')));
  stoodIn = pools();
  const isBack = (): boolean => pools().length >= 2 && pools().every((pool) => pool.endsWith('/spot'));
  await fleet.until('The return to spot', isBack);
  returnedTo = pools();
  await fleet.finish();
}, SCENARIO_MS_MAX);
afterAll(() => fleet?.close(), 60_000);

describe('a fleet whose pool gets dear, and then loses every spot machine', () => {
  it('begins where a useful hour is the cheapest', () => {
    expect(first).toBe(`${calm[0]!.instanceType}/${calm[0]!.zone}/spot`);
    expect(calm[0]!.advice).toBe('asked first');
    expect(calm[0]!.savesShare).toBeGreaterThan(0.4);
  });

  it('sees the pool become too dear, by the same history that EC2 answers', () => {
    const [instanceType, zone] = first.split('/');
    const now = dear.find((pool) => pool.instanceType === instanceType && pool.zone === zone)!;
    expect(now.verdict).toBe('too-dear');
    expect(now.savesShare).toBeCloseTo(-0.2, 6);
  });

  it('moves its machines to another pool', () => {
    expect(movedTo.filter((pool) => pool.endsWith('/spot') && pool !== first)).toHaveLength(2);
  });

  it('stands on on-demand machines while there is no spot, and returns to spot afterwards, but not to the dear pool', () => {
    expect(stoodIn.some((pool) => pool.endsWith('/on-demand'))).toBe(true);
    expect(returnedTo.every((pool) => pool.endsWith('/spot') && pool !== first)).toBe(true);
  });

  it('loses no task and commits none twice', () => {
    const tasks = [...fleet.tally.tasks.values()];
    expect(tasks).toHaveLength(fleet.submitted());
    expect(tasks.filter(({ status, commits }) => status !== 'done' || commits !== 1)).toEqual([]);
  });

  it('says why it asked what it asked, in the plans of the ledger', () => {
    const plans = fleet.cloud.context.recorder
      .lines()
      .map((line) => JSON.stringify(line['parameters'] ?? ''))
      .filter((text) => text.includes('"plan#'));
    expect(plans.length).toBeGreaterThan(3);
    expect(fleet.cloud.iamDenied()).toBe(0);
  });
});
