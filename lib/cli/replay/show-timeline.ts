import type { Choice } from '../../replay/job.ts';
import { inRuns, type Timeline } from '../../replay/timeline.ts';
import { printable } from '../../signals/printable.ts';
import { COLUMNS_MAX } from '../table.ts';

const HOUR_SECONDS = 3_600;
const NAME_CHARACTERS_MAX = 24;
const GAP = '  ';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Shares of a column's ticks, from none to all. */
const SHADES = [' ', '░', '▒', '▓', '█'];

const letterOf = (pool: number): string => LETTERS[pool] ?? '+';

const markOf = (choice: Choice): string => {
  if (choice === 'idle') return '·';
  return choice === 'on-demand' ? 'D' : letterOf(choice);
};

const shadeOf = (share: number): string => SHADES[Math.ceil(share * (SHADES.length - 1))]!;

/** What stood in most ticks of a column; of equals the first. */
const mostOf = (choices: readonly Choice[]): Choice | undefined => {
  const groups = [...Map.groupBy(choices, (choice) => choice).values()];
  return groups.reduce<readonly Choice[]>((most, group) => (group.length > most.length ? group : most), [])[0];
};

interface Row {
  readonly name: string;
  readonly drawn: string;
}

const columnsOf = (ticks: number, ticksAColumn: number): readonly number[] =>
  Array.from({ length: Math.ceil(ticks / ticksAColumn) }, (_, column) => column * ticksAColumn);

const poolRows = ({ market, rules }: Timeline, ticksAColumn: number): readonly Row[] =>
  market.pools.map(({ name, available }, pool) => ({
    name: `${letterOf(pool)} ${printable(name, NAME_CHARACTERS_MAX)}`,
    drawn: columnsOf(rules.deadlineTicks, ticksAColumn)
      .map((from) => {
        const ticks = available.subarray(from, Math.min(from + ticksAColumn, rules.deadlineTicks));
        return shadeOf(ticks.reduce((sum, tick) => sum + tick, 0) / ticks.length);
      })
      .join(''),
  }));

const runRows = ({ runs }: Timeline, ticksAColumn: number): readonly Row[] =>
  runs.map(({ policy, choices }) => ({
    name: policy,
    drawn: columnsOf(choices.length, ticksAColumn)
      .map((from) => markOf(mostOf(choices.slice(from, from + ticksAColumn))!))
      .join(''),
  }));

const hours = (ticks: number, { rules }: Timeline): string =>
  `${Number(((ticks * rules.tickSeconds) / HOUR_SECONDS).toFixed(2))} h`;

/** What one run looked like, a column for so many ticks: where spot could be had, and what each policy ran. */
export const showTimeline = (timeline: Timeline): string => {
  const { market, runs, rules, startTick } = timeline;
  const names = [
    ...market.pools.map(({ name }) => `a ${printable(name, NAME_CHARACTERS_MAX)}`),
    ...runs.map(({ policy }) => policy),
  ];
  const nameWidth = Math.max(...names.map(({ length }) => length));
  const ticksAColumn = Math.max(1, Math.ceil(rules.deadlineTicks / (COLUMNS_MAX - nameWidth - GAP.length)));
  const rows = [...poolRows(timeline, ticksAColumn), ...runRows(timeline, ticksAColumn)];
  const lines = rows.map(({ name, drawn }) => `${name.padEnd(nameWidth)}${GAP}${drawn}`.trimEnd());
  return [
    `From hour ${hours(startTick, timeline).replace(' h', '')} to the deadline, ${hours(rules.deadlineTicks, timeline)} later; a column is ${hours(ticksAColumn, timeline)}.`,
    ...lines,
    '█ spot could be had throughout, ░▒▓ part of the time; a, b, … runs on spot of that pool,',
    'D on demand, · waits.',
  ]
    .map((line) => `${line}\n`)
    .join('');
};

/** The same for programs: [what, ticks] for what follows without a change. */
export const timelineJson = ({ startTick, rules, market, runs }: Timeline): Readonly<Record<string, unknown>> => ({
  tickSeconds: rules.tickSeconds,
  startTick,
  deadlineTicks: rules.deadlineTicks,
  pools: Object.fromEntries(
    market.pools.map(({ name, available }) => [name, inRuns(available.subarray(0, rules.deadlineTicks))]),
  ),
  policies: Object.fromEntries(
    runs.map(({ policy, choices }) => [
      policy,
      inRuns(choices.map((choice) => (typeof choice === 'number' ? market.pools[choice]!.name : choice))),
    ]),
  ),
});
