import type { Promised } from '../../audit/promises.ts';
import { DECISION_TABLES } from './decisions/decision-tables.ts';
import { type DrainingStart, drainingCore } from './draining-core.ts';
import { exploreInstances } from './explore-instances.ts';
import { type Core, exploreInterleavings } from './explore-interleavings.ts';
import { exploreTable } from './explore-table.ts';
import { type IntentsStart, intentsCore } from './intents-core.ts';

/** One thing that an exhaustive search found wrong. */
export interface CoreFinding {
  readonly promise: Promised;
  readonly found: string;
}

const ALONE: DrainingStart = {
  machines: 1,
  isLate: false,
  isNoticed: false,
  warnings: 0,
  isEndTold: false,
  sweeps: 0,
  reconciles: 0,
};

/** A core to be searched whole: closed with so many calls that fail on one path. */
export interface BoundedCore {
  readonly name: string;
  readonly begin: () => Promise<Core>;
  readonly faults: number;
}

const draining = (name: string, start: Partial<DrainingStart>, faults: number): BoundedCore => ({
  name,
  begin: drainingCore({ ...ALONE, ...start }),
  faults,
});

const intents = (name: string, start: IntentsStart, faults: number): BoundedCore => ({
  name,
  begin: intentsCore(start),
  faults,
});

/** Each takes seconds at most; larger ones are for a long campaign. */
export const SMALL_CORES: readonly BoundedCore[] = [
  draining('a warning while its agent works', { warnings: 1 }, 1),
  draining('a warning after a pause', { isLate: true, warnings: 1 }, 1),
  draining('a notice and a warning', { isNoticed: true, warnings: 1 }, 1),
  draining('a warning, doubled, after a pause', { isLate: true, warnings: 2 }, 0),
  draining('two machines, one warned after a pause', { machines: 2, isLate: true, warnings: 1 }, 0),
  draining('a sweep after a pause', { isLate: true, sweeps: 1 }, 0),
  draining('a warning and a reconcile that read before it', { isLate: true, warnings: 1, reconciles: 1 }, 0),
  draining('an end that is told and closed', { isEndTold: true }, 0),
  intents('a launch', { begins: 'nothing', reconciles: 1, warnings: 0 }, 1),
  intents('two reconciles', { begins: 'nothing', reconciles: 2, warnings: 0 }, 0),
  intents('a lost answer and an early warning', { begins: 'answer lost', reconciles: 1, warnings: 1 }, 0),
  intents('a lost answer, long ago', { begins: 'long ago', reconciles: 1, warnings: 1 }, 1),
];

const checkDecisions = (): readonly CoreFinding[] =>
  DECISION_TABLES.flatMap(({ name, promise, tryAll }) =>
    tryAll().differences.map((found): CoreFinding => ({ promise, found: `${name}: ${found}` })),
  );

/** The tables of tasks, of machines and of decisions, by the product's code and by the auditor's: within a second. */
export const checkTables = async (): Promise<readonly CoreFinding[]> => {
  const table = exploreTable({ workers: 2, attempts: 3, checkpoints: 2, failuresMax: 2, reclaims: 2 });
  const instances = await exploreInstances();
  return [
    ...table.differences.map(
      (found): CoreFinding => ({ promise: 'W2', found: `the table of tasks differs: ${found}` }),
    ),
    ...instances.differences.map(
      (found): CoreFinding => ({ promise: 'N6', found: `the rules of machines differ: ${found}` }),
    ),
    ...checkDecisions(),
  ];
};

/** Every order of calls in each of the small cores: some seconds. */
export const checkInterleavings = async (): Promise<readonly CoreFinding[]> => {
  for (const { name, begin, faults } of SMALL_CORES) {
    const { broken } = await exploreInterleavings(begin, { faults });
    if (broken.length > 0) return broken.map((found) => ({ promise: 'W1', found: `${name}: ${found}` }));
  }
  return [];
};
