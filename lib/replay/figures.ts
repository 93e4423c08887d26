import type { Random } from '../ports/random.ts';
import { type Interval, meanInterval } from './bootstrap.ts';
import { OPTIMUM, type Replayed } from './case.ts';
import type { Suite } from './suites/suite.ts';

export interface Figures {
  readonly runs: number;
  /** Mean of the cells, and where it lies in 95 of 100 redrawings. */
  readonly cost: number;
  readonly costInterval: Interval;
  readonly score: number | null;
  /** Mean of each run's own ratio. */
  readonly ratioToOptimum: number;
  readonly misses: number;
  /** Launches a run. */
  readonly launches: number;
  /** The dearest run as a share of the most that is stated for it. */
  readonly dearest?: number;
  readonly availability?: number;
  readonly throughput?: number;
}

export interface CellFigures extends Figures {
  readonly name: string;
}

export interface PolicyFigures extends Figures {
  /** In the order in which the suite names them. */
  readonly cells: readonly CellFigures[];
}

/** A cell in which ours costs more than one of the policies that everybody knows. */
export interface LostCell {
  readonly cell: string;
  readonly to: string;
  /** Mean extra cost over the same runs, and its interval. */
  readonly extraCost: number;
  readonly interval: Interval;
  /** The whole interval lies above nothing: not noise. */
  readonly isCertain: boolean;
}

export interface SuiteFigures {
  readonly suite: string;
  readonly costMeaning: string;
  readonly policies: ReadonlyMap<string, PolicyFigures>;
  readonly lostCells: readonly LostCell[];
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

type ByCell = ReadonlyMap<string, readonly Replayed[]>;

const byCellOf = (runs: readonly Replayed[]): ByCell => Map.groupBy(runs, ({ cell }) => cell);

/** Every cell counts alike, however many runs it has. */
const cellMean = (cells: ByCell, figure: (run: Replayed) => number): number =>
  meanOf([...cells.values()].map((runs) => meanOf(runs.map(figure))));

/** Of a fleet only: jobs have neither figure. */
const fleetFigures = (cells: ByCell, [first]: readonly Replayed[]): Pick<Figures, 'availability' | 'throughput'> =>
  first!.throughput === undefined
    ? {}
    : {
        availability: cellMean(cells, ({ availability }) => availability!),
        throughput: cellMean(cells, ({ throughput }) => throughput!),
      };

/** Of suites that state a most. */
const dearestOf = (runs: readonly Replayed[]): Pick<Figures, 'dearest'> =>
  runs[0]!.ofMost === undefined ? {} : { dearest: Math.max(...runs.map(({ ofMost }) => ofMost!)) };

const figuresOf = (runs: readonly Replayed[], suite: Pick<Suite, 'score'>, random: Random): Figures => {
  const cells = byCellOf(runs);
  const cost = cellMean(cells, (run) => run.cost);
  const samples = runs.map(({ cost: value, block, cell }) => ({ value, block, weight: 1 / cells.get(cell)!.length }));
  return {
    runs: runs.length,
    cost,
    costInterval: meanInterval(samples, random),
    score: suite.score?.(cost) ?? null,
    ratioToOptimum: cellMean(cells, ({ ratioToOptimum }) => ratioToOptimum),
    misses: runs.filter(({ isMissed }) => isMissed).length,
    launches: cellMean(cells, ({ launches }) => launches),
    ...fleetFigures(cells, runs),
    ...dearestOf(runs),
  };
};

const OURS = 'spothop';
/** Both may be beaten in every cell by whoever knows the market a little. */
const RIVALS = ['uniform-progress', 'greedy'];
const EQUAL_BELOW = 1e-9;

const lossOf = (
  cell: string,
  ours: readonly Replayed[],
  to: string,
  theirs: readonly Replayed[],
  random: Random,
): LostCell | undefined => {
  // A job that was not done is no cheaper for having been given up.
  const extras = ours.flatMap(({ cost, block }, run) =>
    theirs[run]!.isMissed ? [] : [{ value: cost - theirs[run]!.cost, block }],
  );
  if (extras.length === 0) return undefined;
  const extraCost = meanOf(extras.map(({ value }) => value));
  if (extraCost <= EQUAL_BELOW) return undefined;
  const interval = meanInterval(extras, random);
  return { cell, to, extraCost, interval, isCertain: interval.from > 0 };
};

const lostCellsOf = (byPolicy: ReadonlyMap<string, ByCell>, random: Random): readonly LostCell[] => {
  const ours = byPolicy.get(OURS);
  if (ours === undefined) return [];
  return RIVALS.filter((name) => byPolicy.has(name)).flatMap((rival) =>
    [...ours].flatMap(([cell, runs]) => lossOf(cell, runs, rival, byPolicy.get(rival)!.get(cell)!, random) ?? []),
  );
};

/** The tables of a suite from what every case came to, in the order of the cases. */
export const figuresOfSuite = (suite: Suite, replayed: readonly Replayed[], random: Random): SuiteFigures => {
  const runsByPolicy = Map.groupBy(replayed, ({ policy }) => policy);
  const ordered = [OURS, ...suite.policies, OPTIMUM].filter((name) => runsByPolicy.has(name));
  const byPolicy = new Map([...new Set(ordered)].map((name) => [name, byCellOf(runsByPolicy.get(name)!)]));
  const policies = new Map(
    [...byPolicy].map(([name, cells]) => [
      name,
      {
        ...figuresOf(runsByPolicy.get(name)!, suite, random),
        cells: [...cells].map(([cell, runs]) => ({ name: cell, ...figuresOf(runs, suite, random) })),
      },
    ]),
  );
  return { suite: suite.name, costMeaning: suite.costMeaning, policies, lostCells: lostCellsOf(byPolicy, random) };
};
