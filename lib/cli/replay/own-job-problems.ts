import type { JobRules } from '../../replay/job.ts';
import { type OwnJob, startsOf, ticksOf } from '../../replay/suites/own-job.ts';
import type { CountTrace } from '../../replay/traces/count-json.ts';
import { errorLine } from '../command.ts';
import type { OwnJobOptions } from './options.ts';
import { fileName } from './read-traces.ts';

const HOUR_SECONDS = 3_600;

const rulesOf = (job: OwnJobOptions, tickSeconds: number): JobRules => ({
  tickSeconds,
  workSeconds: Math.round(job.jobHours * HOUR_SECONDS),
  deadlineTicks: Math.floor(Math.round(job.deadlineHours * HOUR_SECONDS) / tickSeconds),
  changeoverSeconds: Math.round(job.changeoverHours * HOUR_SECONDS),
  onDemandPrice: job.onDemandPrice,
  billsWholeTicks: false,
});

/** The job as the trace's ticks can hold it: its deadline and its start are rounded down to them. */
export const ownJobOf = (options: OwnJobOptions, { gapSeconds }: CountTrace): OwnJob => {
  const { price, startHours } = options;
  return {
    rules: rulesOf(options, gapSeconds),
    ...(price === undefined ? {} : { spotPrice: price }),
    ...(startHours === undefined ? {} : { startTick: Math.floor((startHours * HOUR_SECONDS) / gapSeconds) }),
  };
};

const inHours = (seconds: number): string => `${(seconds / HOUR_SECONDS).toFixed(2)} h`;

const deadlineProblems = ({
  workSeconds,
  changeoverSeconds,
  deadlineTicks,
  tickSeconds,
}: JobRules): readonly string[] => {
  if (workSeconds + changeoverSeconds <= deadlineTicks * tickSeconds) return [];
  const needed = inHours(workSeconds + changeoverSeconds);
  const why = `on-demand alone needs ${needed} with one changeover, and the deadline's whole ticks are ${inHours(deadlineTicks * tickSeconds)}`;
  return [errorLine('--deadline-hours', why, 'give it at least --job-hours and --changeover-hours together')];
};

const lengthProblems = (trace: CountTrace, job: OwnJob): readonly string[] => {
  if (startsOf(trace, job).length > 0) return [];
  const why = `the trace has ${inHours(ticksOf(trace) * trace.gapSeconds)}, too few for a run with its whole deadline`;
  return [errorLine('--trace', why, 'give a longer trace, a nearer deadline or an earlier start')];
};

const priceProblems = ({ pools }: CountTrace, { spotPrice }: OwnJob): readonly string[] =>
  spotPrice !== undefined
    ? []
    : pools
        .filter(({ price }) => price === undefined)
        .map(({ name }) => errorLine(fileName(name), 'the trace has no prices', 'give the price of spot with --price'));

/** Why nobody could do such a job, or why no run of it fits the trace. */
export const ownJobProblems = (trace: CountTrace, job: OwnJob): readonly string[] => [
  ...priceProblems(trace, job),
  ...deadlineProblems(job.rules),
  ...lengthProblems(trace, job),
];
