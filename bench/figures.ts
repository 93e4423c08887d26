import type { CallsPerTask } from './accounting.ts';
import type { WorkLost, WorkLostByQueue } from './lost-work.ts';
import { rounded } from './statistics.ts';
import type { Comparison } from './throughput.ts';
import { NOOP_SECONDS, shortestWorthwhileTaskSeconds } from './worthwhile.ts';

/** What `npm run bench -- worker` measures. */
export interface WorkerFigures {
  /** Spothop's tasks per second over `sqs-consumer`'s, by task and by concurrency. */
  readonly throughputRatio: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly callsPerTask: CallsPerTask;
  readonly writeUnitsPerTask: number;
  readonly noticeUsedPercent: number;
  readonly idleRssOverBareNode: number;
  readonly firstTakeMs: number;
  readonly workLostSeconds: WorkLost;
  readonly workLostSecondsByQueue: WorkLostByQueue['byQueue'];
  readonly shortestWorthwhileTaskSeconds: number;
}

/** What the parts of the bench have measured. */
export interface Measured {
  readonly comparisons: readonly Comparison[];
  readonly callsPerTask: CallsPerTask;
  readonly writeUnitsPerTask: number;
  readonly noticeUsedShare: number;
  readonly idleRssOverBareNode: number;
  readonly firstTakeMs: number;
  readonly workLost: WorkLostByQueue;
}

const ratiosOf = (comparisons: readonly Comparison[]): Record<string, Record<string, number>> => {
  const ratios: Record<string, Record<string, number>> = {};
  for (const { name, concurrency, ratio } of comparisons) {
    ratios[name] = { ...ratios[name], [concurrency]: rounded(ratio, 3) };
  }
  return ratios;
};

const pointsByConcurrency = (comparisons: readonly Comparison[]) => {
  const concurrencies = [...new Set(comparisons.map(({ concurrency }) => concurrency))];
  return concurrencies.map((concurrency) =>
    comparisons
      .filter((comparison) => comparison.concurrency === concurrency)
      .map(({ sleepMs, ratio }) => ({ seconds: Math.max(NOOP_SECONDS, sleepMs / 1_000), ratio })),
  );
};

export const workerFigures = (measured: Measured): WorkerFigures => ({
  throughputRatio: ratiosOf(measured.comparisons),
  callsPerTask: measured.callsPerTask,
  writeUnitsPerTask: measured.writeUnitsPerTask,
  noticeUsedPercent: rounded(100 * measured.noticeUsedShare, 1),
  idleRssOverBareNode: rounded(measured.idleRssOverBareNode),
  firstTakeMs: Math.round(measured.firstTakeMs),
  workLostSeconds: measured.workLost.all,
  workLostSecondsByQueue: measured.workLost.byQueue,
  shortestWorthwhileTaskSeconds: shortestWorthwhileTaskSeconds(pointsByConcurrency(measured.comparisons)),
});

const row = (cells: readonly (string | number)[]): string => cells.map((cell) => String(cell).padStart(8)).join('');

/** For people. */
export const renderFigures = (figures: WorkerFigures): string => {
  const names = Object.keys(figures.throughputRatio);
  const concurrencies = Object.keys(Object.values(figures.throughputRatio)[0] ?? {});
  const { callsPerTask: calls, workLostSeconds: lost } = figures;
  return [
    'throughput over sqs-consumer, by task and concurrency',
    row(['', ...concurrencies]),
    ...names.map((name) => row([name, ...concurrencies.map((one) => figures.throughputRatio[name]?.[one] ?? '')])),
    `a task costs ${calls.dynamodbWrites} DynamoDB writes (${figures.writeUnitsPerTask} write units), ${calls.dynamodbReads} reads, ${calls.sqs} calls of SQS`,
    `tasks shorter than ${figures.shortestWorthwhileTaskSeconds} s reach less than nine tenths of sqs-consumer’s throughput`,
    `of a notice that a task outlasts, ${figures.noticeUsedPercent} % is used`,
    `work lost per interruption: ${lost.spothop} s; killed at the notice ${lost.killAtNotice} s; waiting for visibility ${lost.waitForVisibility} s`,
    `an idle agent takes ${figures.idleRssOverBareNode} times the memory of a bare Node`,
    `first take ${figures.firstTakeMs} ms after the start of its process`,
    '',
  ].join('\n');
};
