import { describe, expect, it } from 'vitest';
import type { FleetPools } from '../../lib/config/fleet-pools.ts';
import { type FleetName, fleetName } from '../../lib/fleet/ids.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import type { Prices } from '../../lib/ports/money.ts';
import { memoryFleetStore } from '../../lib/simulator/ports/memory-fleet-store.ts';
import { memoryPrices } from '../../lib/simulator/ports/memory-prices.ts';
import { type PriceService, UnknownFleet } from '../../lib/wiring-cli.ts';
import { run } from './support.ts';

const NOW = epochMs(Date.UTC(2026, 0, 1));
const INDEX = fleetName('index');
const ENCODE = fleetName('encode');

const POOLS: FleetPools = {
  instanceTypes: ['c7g.large', 'm7g.large'],
  zones: ['us-east-1a', 'us-east-1b'],
  spotPercentMax: 90,
  spotStrategy: 'capacity',
};

const point = (hoursAgo: number, microUsdPerHour: number) => ({
  at: addMs(NOW, -hoursAgo * 3_600_000),
  microUsdPerHour,
});

const PRICES = memoryPrices(
  new Map([
    ['c7g.large/us-east-1a', [point(90, 20_000), point(12, 30_000)]],
    ['c7g.large/us-east-1b', [point(90, 50_000)]],
    ['m7g.large/us-east-1a', [point(90, 95_000)]],
  ]),
  new Map([
    ['c7g.large', 100_000],
    ['m7g.large', 100_000],
  ]),
);

interface Deployed {
  readonly prices?: Prices;
  readonly fleets?: readonly FleetName[];
  readonly board?: PriceBoard;
}

const prices = async (words: readonly string[], { prices: known = PRICES, fleets = [INDEX], board }: Deployed = {}) => {
  const store = memoryFleetStore();
  if (board) await store.putPrices(INDEX, board);
  const service: PriceService = {
    clock: { now: () => NOW, sleep: async () => undefined },
    fleets: store,
    fleetNames: fleets,
    prices: known,
    poolsOf: (fleet) => {
      if (fleets.includes(fleet)) return POOLS;
      throw new UnknownFleet(fleet, fleets);
    },
  };
  return run(['prices', ...words], {}, NOW, {}, { connectPrices: async () => service });
};

describe('spothop prices', () => {
  it('shows each pool with its history, what it saves, and whether it would be asked', async () => {
    const { code, stdout, stderr } = await prices([]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`index: 4 spot pools over 24 h until 2026-01-01T00:00:00.000Z

POOL                   $/HOUR      LOW     HIGH    SWING    SAVES   USEFUL
c7g.large/us-east-1a   0.0300   0.0200   0.0300     20 %     70 %   0.0301
  ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃  asked first
m7g.large/us-east-1b  unknown  unknown  unknown  unknown  unknown  unknown
                                        asked, rank 2
c7g.large/us-east-1b   0.0500   0.0500   0.0500      0 %     50 %   0.0501
  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅  dominated by c7g.large/us-east-1a
m7g.large/us-east-1a   0.0950   0.0950   0.0950      0 %      5 %   0.0952
  ████████████████████████████████████  too near the on-demand price (95 %)
`);
  });

  it('fits a terminal of eighty columns', async () => {
    const { stdout } = await prices(['--days', '3']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toContain('over 3 days until');
  });

  it('looks further back when it is asked to', async () => {
    const { stdout } = await prices(['--hours', '100', '--json']);
    const { pools } = JSON.parse(stdout) as { pools: { history: unknown[]; changes: number }[] };
    expect(pools[0]).toMatchObject({ changes: 1, lowMicroUsdPerHour: 20_000 });
  });

  it('gives the same as data, a line a fleet: what is unknown is null, never 0', async () => {
    const { code, stdout } = await prices(['--json'], { fleets: [INDEX, ENCODE] });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, lines.map(({ fleet }) => fleet)]).toEqual([0, ['index', 'encode']]);
    expect(lines[0].pools[1]).toEqual({
      instanceType: 'm7g.large',
      zone: 'us-east-1b',
      rank: 2,
      verdict: 'ask',
      advice: 'asked, rank 2',
      dominatedBy: null,
      microUsdPerHour: null,
      lowMicroUsdPerHour: null,
      highMicroUsdPerHour: null,
      meanMicroUsdPerHour: null,
      volatility: null,
      changes: null,
      onDemandMicroUsdPerHour: 100_000,
      savesShare: null,
      usefulHourMicroUsd: null,
      lossesPerHour: 0.05,
      placementScore: null,
      history: [],
    });
    expect(lines[0].pools[2]).toMatchObject({ verdict: 'dominated', dominatedBy: 'c7g.large/us-east-1a', rank: null });
  });

  it('counts what the service has learned of losses and scores', async () => {
    const board: PriceBoard = {
      form: 1,
      readAt: NOW,
      slowReadAt: NOW,
      spot: {},
      onDemand: {},
      scores: { 'us-east-1b': 4 },
      losses: { 'c7g.large/us-east-1a': { hours: 90, losses: 99.5 } },
    };
    const { stdout } = await prices(['--json'], { board });
    const { pools } = JSON.parse(stdout) as {
      pools: { zone: string; lossesPerHour: number; placementScore: number }[];
    };
    expect(pools.find(({ zone, lossesPerHour }) => zone === 'us-east-1a' && lossesPerHour === 1)).toBeDefined();
    expect(pools.filter(({ zone }) => zone === 'us-east-1b').map(({ placementScore }) => placementScore)).toEqual([
      4, 4,
    ]);
  });
});

describe('spothop prices fails', () => {
  it('when EC2 knows no price of any pool', async () => {
    const { code, stderr } = await prices([], { prices: memoryPrices(new Map(), new Map()) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^prices: EC2 answered no spot price for any pool; see that /);
  });

  it('for a fleet that there is not, and names those that there are', async () => {
    const { code, stderr } = await prices(['--fleet', 'indx']);
    expect(code).toBe(1);
    expect(stderr).toBe('fleet: No fleet indx is deployed; there is: index; name one of those with --fleet\n');
  });

  it('when it may not ask, in one line', async () => {
    const refused: Prices = {
      ...PRICES,
      spotHistory: () =>
        Promise.reject(
          Object.assign(new Error('You are not authorized.'), {
            name: 'UnauthorizedOperation',
            $metadata: { httpStatusCode: 403 },
          }),
        ),
    };
    const { code, stderr } = await prices([], { prices: refused });
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
  });

  it.each([
    [['--hours', '0']],
    [['--hours', '2161']],
    [['--days', '91']],
    [['--days', '1.5']],
    [['--days', '2', '--hours', '3']],
    [['--colour']],
  ])('on %j, which it does not understand', async (words) => {
    const { code, stderr } = await prices(words);
    expect([code, stderr.startsWith('usage: ')]).toEqual([2, true]);
  });
});
