import { WASTE_SHARE_MAX } from '../../decisions/purchase/guards.ts';
import { ADVERSARIES, type Adversary } from '../adversaries/adversaries.ts';
import type { JobRules, Market } from '../job.ts';
import { seededRandom } from '../random.ts';
import { type JobRun, type JobSuite, jobSuite } from './job-suite.ts';

/** From ticks far shorter than a start-up to ticks far longer. */
const JOBS = [
  { tickSeconds: 34, workHours: 3, changeoverSeconds: 340 },
  { tickSeconds: 300, workHours: 6, changeoverSeconds: 300 },
  { tickSeconds: 3_600, workHours: 24, changeoverSeconds: 720 },
] as const;
const DEADLINES_PER_JOB = [1.05, 1.5, 3];
const WRONG_ESTIMATES = [0.5, 2];
const SEEDS = 2;
const HOUR_SECONDS = 3_600;

/** What is told is right in the cells of adversaries, and wrong in those of estimates. */
interface Trial {
  readonly adversary: Adversary;
  readonly job: (typeof JOBS)[number];
  readonly deadlinePerJob: number;
  readonly factor: number;
  readonly seed: number;
}

/** Time enough for on-demand alone, whatever the ticks round away. */
const rulesOf = ({ job, deadlinePerJob, adversary }: Trial): JobRules => {
  const { tickSeconds, changeoverSeconds } = job;
  const workSeconds = job.workHours * HOUR_SECONDS;
  const least = Math.ceil((workSeconds + changeoverSeconds) / tickSeconds);
  return {
    tickSeconds,
    workSeconds,
    deadlineTicks: Math.max(least, Math.floor((deadlinePerJob * workSeconds) / tickSeconds + 1e-9)),
    changeoverSeconds,
    onDemandPrice: 1,
    billsWholeTicks: false,
    ...(adversary.isDeadly === true ? { isSpotDeadly: true } : {}),
  };
};

const marketOf = ({ adversary, job, seed }: Trial, ticks: number): Market => {
  const unit = Math.max(1, job.changeoverSeconds / job.tickSeconds);
  return { pools: adversary.pools({ random: seededRandom(seed), ticks, unit }) };
};

const nameOf = ({ adversary, deadlinePerJob, factor }: Trial): string => {
  const what = factor === 1 ? adversary.name : `told ${factor} × work and start-up`;
  return `${what}, due ${deadlinePerJob} ×`;
};

/**
 * Dollars that a job may cost at the most: on-demand alone, the waste allowed on top of it, and one changeover; the
 * start-up is the one that is, or the one that was told if that is longer.
 */
const mostOf = ({ workSeconds, changeoverSeconds, onDemandPrice }: JobRules, factor: number): number => {
  const startUp = changeoverSeconds * Math.max(1, factor);
  return (((workSeconds + startUp) * (1 + WASTE_SHARE_MAX) + startUp) * onDemandPrice) / HOUR_SECONDS;
};

const runOf = (trial: Trial): JobRun => {
  const rules = rulesOf(trial);
  return {
    cell: nameOf(trial),
    market: marketOf(trial, rules.deadlineTicks),
    rules,
    costUnit: (rules.workSeconds + rules.changeoverSeconds) / HOUR_SECONDS,
    block: `${trial.job.tickSeconds} s, seed ${trial.seed}`,
    ...(trial.factor === 1 ? {} : { estimates: { factor: trial.factor } }),
    most: mostOf(rules, trial.factor),
  };
};

const trialsOf = function* (factors: readonly number[], seeds: number): Generator<Trial> {
  for (const factor of factors) {
    for (const adversary of ADVERSARIES) {
      for (const deadlinePerJob of DEADLINES_PER_JOB) {
        for (const job of JOBS) {
          const different = adversary.isFixed === true ? 1 : seeds;
          for (let seed = 1; seed <= different; seed += 1) yield { adversary, job, deadlinePerJob, factor, seed };
        }
      }
    }
  }
};

const runsOf = function* (): Generator<JobRun> {
  for (const trial of trialsOf([1], SEEDS)) yield runOf(trial);
  for (const trial of trialsOf(WRONG_ESTIMATES, 1)) yield runOf(trial);
};

/**
 * Markets made up to hurt, from seeds and no traces: what is promised of every market has to hold on these, and so do
 * deadlines with hardly any time to spare, with plenty, and jobs that were told half or twice their work and start-up.
 */
export const adversarial: JobSuite = jobSuite({
  name: 'adversarial',
  costMeaning: 'share of the on-demand cost',
  files: [],
  runs: runsOf,
});
