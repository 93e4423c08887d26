/** What a decision about one job costs: `npm run bench -- decide [--json]`. */
import { decidePurchase } from '../../lib/decisions/decide-purchase.ts';
import type { JobMemory } from '../../lib/decisions/purchase/job-memory.ts';
import type { PurchaseChoice, PurchaseView } from '../../lib/decisions/purchase/purchase.ts';
import { makeValueTables } from '../../lib/decisions/purchase/value-tables.ts';
import { seededRandom } from '../../lib/replay/random.ts';
import { median, rounded } from '../statistics.ts';

const HELP = `Measures decisions about one job of 24 h due in 36 h, by processor time: other processes do not change it.

  npm run bench -- decide [--json]

first      the first decision about such a job: it works the values out. With 1 pool it is the first of the process as
           well, and pays for compiling the code
later      every other decision, on 1, 20 and 200 pools that come and go
`;

const POOL_COUNTS = [1, 20, 200];
const DECISIONS = 200;
const TICK_SECONDS = 300;
const SEED = 5;

interface Measured {
  readonly pools: number;
  readonly firstMs: number;
  readonly laterMs: number;
  readonly slowestMs: number;
}

const processorMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const viewAt = (tick: number, up: readonly boolean[], running: PurchaseChoice): PurchaseView => ({
  tickSeconds: TICK_SECONDS,
  secondsLeft: 36 * 3_600 - tick * TICK_SECONDS,
  workLeftSeconds: 24 * 3_600 - (tick * TICK_SECONDS) / 2,
  changeoverSeconds: 180,
  changeoverLeftSeconds: 0,
  running,
  onDemandPrice: 1,
  pools: up.map((isAvailable, pool) => ({
    name: `pool ${pool}`,
    isAvailable,
    price: 0.3 + (0.2 * pool) / up.length,
  })),
});

const stillRuns = (choice: PurchaseChoice, up: readonly boolean[]): PurchaseChoice =>
  choice.kind === 'spot' && up[Number(choice.pool.split(' ')[1])] === false ? { kind: 'idle' } : choice;

const measure = (pools: number): Measured => {
  const random = seededRandom(SEED);
  const tables = makeValueTables();
  const up = Array.from({ length: pools }, () => random() < 0.5);
  const taken: number[] = [];
  let memory: JobMemory | undefined;
  let running: PurchaseChoice = { kind: 'idle' };
  for (let tick = 0; tick <= DECISIONS; tick += 1) {
    for (const pool of up.keys()) up[pool] = up[pool] ? random() >= 0.05 : random() < 0.05;
    const view = viewAt(tick, up, stillRuns(running, up));
    taken.push(
      processorMs(() => {
        const decided = decidePurchase(tables, memory, view);
        memory = decided.memory;
        running = decided.choice;
      }),
    );
  }
  const [firstMs, ...later] = taken;
  return {
    pools,
    firstMs: rounded(firstMs!, 0),
    laterMs: rounded(median(later)),
    slowestMs: rounded(Math.max(...later), 0),
  };
};

const line = ({ pools, firstMs, laterMs, slowestMs }: Measured): string =>
  `${String(pools).padStart(3)} pools: first ${firstMs} ms, later ${laterMs} ms (median), slowest ${slowestMs} ms\n`;

const USAGE_EXIT_CODE = 2;

/** Prints the figures; answers the exit code. */
export const decideMain = (words: readonly string[]): number => {
  const unknown = words.filter((word) => !['--json', '--help', '-h'].includes(word));
  if (unknown.length > 0 || words.includes('--help') || words.includes('-h')) {
    const isWrong = unknown.length > 0;
    (isWrong ? process.stderr : process.stdout).write(isWrong ? `Not known: ${unknown.join(' ')}.\n\n${HELP}` : HELP);
    return isWrong ? USAGE_EXIT_CODE : 0;
  }
  const measured = POOL_COUNTS.map((pools) => {
    const figures = measure(pools);
    process.stderr.write(line(figures));
    return figures;
  });
  process.stdout.write(
    words.includes('--json') ? `${JSON.stringify({ decide: measured })}\n` : measured.map(line).join(''),
  );
  return 0;
};
