import { PROMISES, type Promised, type Violation } from '../audit/promises.ts';
import type { CoreFinding } from '../exhaustive/check-cores.ts';
import { clockTime } from '../life/trace.ts';
import { shapeOf } from './shape.ts';
import type { SeedResult, Summary } from './summary.ts';

/** How one seed is played again, by whoever wants to see what happened. */
export const replayCommand = (seed: number, flags: readonly string[]): string =>
  ['npm run simulate --', `--seeds ${seed}..${seed}`, ...flags, '--trace'].join(' ');

const SHOWN_MAX = 5;

/** What an exhaustive search has found, which needs no seed. */
export const renderFinding = ({ promise, found }: CoreFinding): string =>
  `no seed is needed for this:\n  ${promise}  ${found}\n      broken: ${PROMISES[promise]}\n`;

const moment = ({ atMs, by }: Violation): string => `${clockTime(atMs)}  ${by}`;

/** Those of one shape as one: the first as it was found, and how often it was found again. */
const renderAlike = ([first, ...others]: readonly Violation[]): string => {
  const { promise, found, context = [] } = first!;
  const last = others.at(-1);
  return [
    `  ${promise}  ${moment(first!)}: ${found}`,
    ...context.map((line) => `        ${line}`),
    ...(last === undefined ? [] : [`        and ${others.length} more like it, the last at ${moment(last)}`]),
    `      broken: ${PROMISES[promise]}`,
    '',
  ].join('\n');
};

/** A failing seed as text: what was broken, when, by whom, how things stood, and how to see it again. */
export const renderFailure = ({ seed, violations }: SeedResult, flags: readonly string[]): string => {
  const alike = [...Map.groupBy(violations, shapeOf).values()];
  const shown = alike.slice(0, SHOWN_MAX).map(renderAlike).join('');
  const rest = alike.length > SHOWN_MAX ? `  and ${alike.length - SHOWN_MAX} more of other kinds\n` : '';
  return `seed ${seed} failed:\n${shown}${rest}  play it again: ${replayCommand(seed, flags)}\n`;
};

/** One of many that fail: what was broken first, in a line. */
export const renderBriefly = ({ seed, violations }: SeedResult): string => {
  const [first] = violations;
  return `seed ${seed} failed: ${first!.promise}  ${moment(first!)}: ${first!.found}\n`;
};

const kept = (violations: Summary['violations']): string => {
  const broken = Object.entries(violations) as [Promised, number][];
  if (broken.length === 0) return 'Every promise was kept.';
  return broken.map(([promise, count]) => `${promise} was broken ${count} times: ${PROMISES[promise]}.`).join('\n');
};

export const renderSummary = (summary: Summary): string => {
  const { seeds, simulatedHours, wallSeconds, calls, tasks, medians, faults, neverMet } = summary;
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0);
  return [
    `${seeds} seeds, ${simulatedHours} hours of fleet life in ${wallSeconds} s: ${tasks} tasks, ${calls} calls, ${struck} faults.`,
    `Half of the seeds have at least ${medians.hours} h, ${medians.machines} machines, ${medians.tasks} tasks, ` +
      `${medians.reclaims} reclaims, ${medians.crashes} crashes.`,
    `Slowest: at rest ${summary.slowestConvergenceSeconds} s after faults stopped, a ready task taken after ` +
      `${summary.slowestTakenSeconds} s, a silent machine’s task ready after ${summary.slowestReadyAgainSeconds} s.`,
    `Trace hash ${summary.traceHash}.${neverMet.length > 0 ? ` Never met: ${neverMet.join(' ')}.` : ''}`,
    kept(summary.violations),
    '',
  ].join('\n');
};
