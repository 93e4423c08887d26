import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from '../../lib/cli/start/demo-run.ts';
import { BOUNDS, DEFAULTS, type StartOptions } from '../../lib/cli/start/options.ts';
import { runDemo, type Trouble } from '../../lib/cli/start/run-demo.ts';
import type { Screen } from '../../lib/cli/start/screen.ts';
import type { RunSummary } from '../../lib/cli/start/summary.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { attemptEnds } from './attempt-ends.ts';
import { type AttemptEnd, type BatchCount, countBatch, type EndedTask } from './count-records.ts';
import { readResults } from './read-results.ts';
import { createSink } from './sinks.ts';
import { makeTrouble, type TroubleCounts, type TroublePlan } from './trouble.ts';

export interface BatchOptions {
  readonly tasks: number;
  /** Of each task. */
  readonly records: number;
  /** Records between two checkpoints. */
  readonly every: number;
  /** The work rests this long after so many records. */
  readonly rest: { readonly restMs: number; readonly restEvery: number };
  readonly instances: number;
  readonly concurrency: number;
  readonly seed: number;
  /** Of service time; every limit is divided by it alike. */
  readonly timeFactor: number;
  readonly trouble: TroublePlan;
  readonly script: Trouble['script'];
}

export interface BatchWorld {
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** What a batch went through, and what is left of it record by record. */
export interface BatchProof {
  readonly tasks: number;
  readonly records: number;
  readonly done: number;
  readonly missing: number;
  readonly doubledEffects: number;
  readonly repeatedRecords: number;
  /** Machines that EC2 took, with a notice or without, by the market or by the script. */
  readonly interruptions: number;
  readonly kills: number;
  readonly pauses: number;
  readonly wallSeconds: number;
  /** Records between two checkpoints: as many at most may be repeated after a crash. */
  readonly every: number;
  readonly notLogged: number;
  /** The most records that one attempt repeated, by how the attempt before it ended. */
  readonly mostRepeatedAfter: Readonly<Record<AttemptEnd, number>>;
  readonly pausesCutShort: number;
  readonly attempts: number;
  readonly reclaims: number;
  readonly fencedOff: number;
  readonly held: boolean;
  readonly problems: readonly string[];
}

const PROJECT_FOLDER = fileURLToPath(new URL('../..', import.meta.url));
const TASK_FILE = fileURLToPath(new URL('./records-task.ts', import.meta.url));

/** Enough that no machine waits for work, and few enough that a task which comes back is soon taken. */
const WAITING_FOR_EACH_SLOT = 1.5;

const idOf = (batch: number) => taskId(`batch-${batch}`);

const startOptions = (
  { tasks, instances, concurrency, seed, timeFactor }: BatchOptions,
  folder: string,
): StartOptions => ({
  ...DEFAULTS,
  json: true,
  script: true,
  task: TASK_FILE,
  tasks,
  instances,
  concurrency,
  seed,
  timeFactor,
  seconds: BOUNDS.seconds.max,
  results: join(folder, 'results.ndjson'),
  record: folder,
});

const workOf = ({ tasks, records, every, rest }: BatchOptions, folder: string) => ({
  kind: 'own' as const,
  from: `a batch of ${tasks * records} records`,
  tasks: Array.from({ length: tasks }, (_, batch) => ({
    taskId: idOf(batch),
    body: JSON.stringify({ batch, size: records, every, folder, ...rest }),
  })),
});

const largest = (counts: readonly BatchCount[], end: AttemptEnd): number =>
  counts.reduce((most, { repeatedAfter }) => Math.max(most, repeatedAfter[end]), 0);

const problemsOf = (proof: Omit<BatchProof, 'held' | 'problems'>, summary: RunSummary): readonly string[] => {
  const { mostRepeatedAfter: most, every } = proof;
  const checks: readonly (readonly [boolean, string])[] = [
    [proof.done === proof.records, `${proof.done} of ${proof.records} records are done`],
    [proof.doubledEffects === 0, `${proof.doubledEffects} effects in the fenced sink are one too many`],
    [proof.notLogged === 0, `${proof.notLogged} records were never worked on`],
    [most.released <= every, `${most.released} records were repeated after one crash, more than ${every}`],
    [most.failed <= every, `${most.failed} records were repeated after one failure, more than ${every}`],
    [most['handed back'] === 0, `${most['handed back']} records were repeated after an orderly drain`],
  ];
  return [...summary.problems, ...checks.filter(([holds]) => !holds).map(([, problem]) => problem)];
};

const add = (
  counts: readonly BatchCount[],
  of: 'done' | 'missing' | 'doubledEffects' | 'repeatedRecords' | 'notLogged',
) => counts.reduce((total, count) => total + count[of], 0);

interface Ending {
  readonly summary: RunSummary;
  readonly troubles: TroubleCounts;
  readonly ended: readonly EndedTask[];
}

const prove = (options: BatchOptions, folder: string, { summary, troubles, ended }: Ending): BatchProof => {
  const counts = ended.map((task) => countBatch(folder, task, options.records));
  const proof = {
    tasks: options.tasks,
    records: options.tasks * options.records,
    done: add(counts, 'done'),
    missing: options.tasks * options.records - add(counts, 'done'),
    doubledEffects: add(counts, 'doubledEffects'),
    repeatedRecords: add(counts, 'repeatedRecords'),
    interruptions: summary.interruptions.warned + summary.interruptions.unwarned,
    kills: troubles.kills,
    pauses: troubles.pauses,
    wallSeconds: summary.wallSeconds,
    every: options.every,
    notLogged: add(counts, 'notLogged'),
    mostRepeatedAfter: {
      'handed back': largest(counts, 'handed back'),
      released: largest(counts, 'released'),
      'put back': largest(counts, 'put back'),
      failed: largest(counts, 'failed'),
    },
    pausesCutShort: troubles.pausesCutShort,
    attempts: summary.tasks.attempts,
    reclaims: summary.tasks.reclaims,
    fencedOff: summary.tasks.fencedOff,
  };
  const problems = problemsOf(proof, summary);
  return { ...proof, held: problems.length === 0, problems };
};

const runInFolder = async (options: BatchOptions, world: BatchWorld, folder: string): Promise<BatchProof> => {
  const troubles: TroubleCounts = { kills: 0, pauses: 0, pausesCutShort: 0 };
  let run: Run | undefined;
  const trouble: Trouble = {
    script: options.script,
    waitingMax: Math.ceil(options.instances * options.concurrency * WAITING_FOR_EACH_SLOT),
    beside: (opened, signal) => {
      run = opened;
      return makeTrouble(opened, options.trouble, troubles, signal);
    },
  };
  const demoWorld = { projectFolder: PROJECT_FOLDER, environment: process.env, ...world };
  const summary = await runDemo(startOptions(options, folder), demoWorld, workOf(options, folder), trouble);
  world.screen.say('Counting every record.');
  const ends = attemptEnds(run?.cloud.context.recorder.lines() ?? []);
  const ended = readResults(join(folder, 'results.ndjson')).map(
    (line): EndedTask => ({ ...line, ends: ends.get(idOf(line.batch)) ?? new Map() }),
  );
  return prove(options, folder, { summary, troubles, ended });
};

/** Runs the batch on the whole service, through everything that is planned for it, and counts what is left. */
export const runBatch = async (options: BatchOptions, world: BatchWorld): Promise<BatchProof> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-batch-'));
  try {
    for (let batch = 0; batch < options.tasks; batch += 1) createSink(folder, batch);
    return await runInFolder(options, world, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
