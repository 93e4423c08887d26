import type { CostReport } from '../../money/cost-report.ts';
import { wholeAmount } from '../../money/micros.ts';
import type { RunTally } from './run-tally.ts';

export interface Percentiles {
  /** Milliseconds of service time; null when nothing was measured. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** The end of a run, as `--json` prints it. */
export interface RunSummary {
  readonly tasks: {
    readonly submitted: number;
    readonly done: number;
    readonly dead: number;
    readonly lost: number;
    readonly doubleCommits: number;
    readonly attempts: number;
    readonly fencedOff: number;
    readonly reclaims: number;
  };
  readonly interruptions: { readonly warned: number; readonly unwarned: number; readonly rebalances: number };
  readonly instances: {
    readonly launched: number;
    readonly spot: number;
    readonly onDemand: number;
    readonly leftRunning: number;
  };
  readonly latencyMs: {
    readonly noticeToDraining: Percentiles;
    readonly noticeToTaskReady: Percentiles;
    readonly noticeToReplacementAsked: Percentiles;
  };
  readonly money: {
    /** In units of the currency; `unknown` when a price was missing. */
    readonly spent: number | 'unknown';
    readonly onDemandWouldBe: number | 'unknown';
    readonly savedPercent: number | 'unknown';
    readonly currency: string;
  };
  readonly report: { readonly html: string | null; readonly eml: string | null };
  readonly iam: { readonly denied: number };
  readonly result: { readonly verified: boolean; readonly check: string };
  readonly scripted: readonly string[];
  readonly market: readonly string[];
  readonly timeFactor: number;
  readonly seed: number;
  /** The file with one line for what became of each task; none for the demonstration's own worker unless asked for. */
  readonly results: string | null;
  /** The record's file. */
  readonly record: string;
  readonly wallSeconds: number;
  readonly held: boolean;
  readonly problems: readonly string[];
}

/** Nearest rank, as everybody computes it by hand. */
const percentiles = (values: readonly number[]): Percentiles => {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number): number | null =>
    sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { p50: rank(0.5), p99: rank(0.99), max: sorted.at(-1) ?? null };
};

const MICROS = 1_000_000;

const units = (micros: number | 'unknown'): number | 'unknown' => (micros === 'unknown' ? micros : micros / MICROS);

export const moneyOf = (report: CostReport | undefined): RunSummary['money'] => {
  if (report === undefined)
    return { spent: 'unknown', onDemandWouldBe: 'unknown', savedPercent: 'unknown', currency: 'USD' };
  const { total, savedBasisPoints, currency } = report;
  return {
    spent: units(wholeAmount(total.spent)),
    onDemandWouldBe: units(wholeAmount(total.onDemandWouldBe)),
    savedPercent: savedBasisPoints === 'unknown' ? 'unknown' : savedBasisPoints / 100,
    currency: currency.code,
  };
};

export const countsOf = (
  tally: RunTally,
  leftRunning: number,
): Pick<RunSummary, 'tasks' | 'instances' | 'interruptions' | 'latencyMs'> => {
  const tasks = [...tally.tasks.values()];
  const machines = [...tally.machines.values()];
  const having = (status: string): number => tasks.filter((task) => task.status === status).length;
  const sum = (of: (task: (typeof tasks)[number]) => number): number =>
    tasks.reduce((total, task) => total + of(task), 0);
  return {
    tasks: {
      submitted: tasks.length,
      done: having('done'),
      dead: having('dead'),
      lost: tasks.length - having('done') - having('dead') - having('cancelled'),
      doubleCommits: tasks.filter((task) => task.commits > 1).length,
      attempts: sum((task) => task.attempt),
      fencedOff: tally.fencedOff,
      reclaims: sum((task) => task.reclaims),
    },
    instances: {
      launched: machines.length,
      spot: machines.filter((machine) => machine.purchase === 'spot').length,
      onDemand: machines.filter((machine) => machine.purchase === 'on-demand').length,
      leftRunning,
    },
    interruptions: { warned: tally.warned, unwarned: tally.unwarned, rebalances: tally.rebalances },
    latencyMs: {
      noticeToDraining: percentiles(tally.noticeToDraining),
      noticeToTaskReady: percentiles(tally.noticeToTaskReady),
      noticeToReplacementAsked: percentiles(tally.noticeToReplacementAsked),
    },
  };
};

export interface Expected {
  readonly tasks: number;
  /** The first few dead tasks, where their ids mean something. */
  readonly dead: readonly string[];
  /** What the batch was given, for the words about tasks that did not end within it. */
  readonly seconds: number;
  /** Why tasks failed, most frequent first. */
  readonly reasons: readonly string[];
}

const deadProblem = (count: number, { reasons, dead }: Expected): string => {
  const [many, they] = count === 1 ? ['One task', 'It lies'] : [`${count} tasks`, 'They lie'];
  const why = `${many} failed for good: ${reasons.join('; ') || 'no reason was given'}`;
  const which = dead.length === 0 ? '' : `: ${dead.join(', ')}${count > dead.length ? ', …' : ''}`;
  return `${why}. ${they} in the dead-letter queue${which}`;
};

const unfinishedProblem = ({ lost, attempts, reclaims }: RunSummary['tasks'], { seconds, reasons }: Expected): string =>
  [
    `${lost} tasks had no end after ${seconds} s (${attempts} attempts, ${reclaims} handed back or released);`,
    reasons.length > 0 ? `failures so far: ${reasons.join('; ')};` : '',
    'the ledger still has each of them, and --seconds gives them longer',
  ]
    .filter((part) => part !== '')
    .join(' ');

const runningProblem = (leftRunning: number): string =>
  `${leftRunning} machines were still running at the end, and were ended`;

/** What must hold at the end, each with what is wrong where it does not. */
export const problemsOf = (
  summary: Pick<RunSummary, 'tasks' | 'instances' | 'iam' | 'result' | 'report'>,
  expected: Expected,
): readonly string[] => {
  const { tasks, instances, iam, result, report } = summary;
  const checks: readonly (readonly [boolean, string])[] = [
    [tasks.submitted === expected.tasks, `${tasks.submitted} of ${expected.tasks} tasks were submitted`],
    [tasks.lost === 0, unfinishedProblem(tasks, expected)],
    [tasks.dead === 0, deadProblem(tasks.dead, expected)],
    [tasks.doubleCommits === 0, `${tasks.doubleCommits} tasks were committed twice`],
    [instances.leftRunning === 0, runningProblem(instances.leftRunning)],
    [iam.denied === 0, `${iam.denied} calls were refused for want of a permission`],
    [result.verified, `the result does not stand: ${result.check}`],
    [report.html !== null && report.eml !== null, 'no cost report came'],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
};
