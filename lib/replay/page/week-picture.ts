import type { JsonRun, ReplayJson, TimelineJson } from './replay-json.ts';
import { box, line, picture, text } from './svg.ts';

const WIDTH = 960;
const LEFT = 150;
const RIGHT = 860;
const TOP = 78;
const ROW = 26;
const BAR = 18;
const GROUP_GAP = 18;
const HOUR_SECONDS = 3_600;
const DAY_HOURS = 24;
const IDLE = 'idle';
const ON_DEMAND = 'on-demand';

interface Span<Value> {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

const spansOf = <Value>(runs: readonly JsonRun<Value>[]): readonly Span<Value>[] => {
  let tick = 0;
  return runs.map(([value, ticks]) => {
    const from = tick;
    tick += ticks;
    return { value, from, to: tick };
  });
};

type ToX = (tick: number) => number;

const bars = <Value>(spans: readonly Span<Value>[], kindOf: (value: Value) => string | undefined, y: number, x: ToX) =>
  spans.flatMap(({ value, from, to }) => {
    const kind = kindOf(value);
    return kind === undefined ? [] : [box(kind, { x: x(from), y, width: Math.max(0.6, x(to) - x(from)), height: BAR })];
  });

const rowName = (name: string, y: number): string => text(name, { x: LEFT - 10, y: y + 14, anchor: 'end' });

/** A pool: where spot could be had, and over it what ours ran there. */
const poolRow = (timeline: TimelineJson, pool: string, y: number, x: ToX): readonly string[] => [
  rowName(pool.split('_')[0]!, y),
  box('free', { x: LEFT, y, width: RIGHT - LEFT, height: BAR }),
  ...bars(spansOf(timeline.pools[pool]!), (had) => (had === 1 ? 'had' : undefined), y, x),
  ...bars(spansOf(timeline.policies['spothop']!), (what) => (what === pool ? 'spot' : undefined), y + 4, x).map(
    (drawn) => drawn.replace(`height="${BAR}"`, `height="${BAR - 8}"`),
  ),
];

const strip = (timeline: TimelineJson, policy: string, y: number, x: ToX, dollars: number): readonly string[] => [
  rowName(policy, y),
  box('free', { x: LEFT, y, width: RIGHT - LEFT, height: BAR }),
  ...bars(
    spansOf(timeline.policies[policy]!),
    (what) => (what === IDLE ? undefined : what === ON_DEMAND ? 'paid' : 'spot'),
    y,
    x,
  ),
  text(`$${dollars.toFixed(0)}`, { x: RIGHT + 10, y: y + 14 }),
];

const days = ({ deadlineTicks, tickSeconds }: TimelineJson, bottom: number, x: ToX): readonly string[] => {
  const hours = Math.round((deadlineTicks * tickSeconds) / HOUR_SECONDS);
  return Array.from({ length: Math.floor(hours / DAY_HOURS) + 1 }, (_, day) => {
    const at = Math.min(RIGHT, x((day * DAY_HOURS * HOUR_SECONDS) / tickSeconds));
    return [
      line('grid', [
        [at, TOP - 6],
        [at, bottom],
      ]),
      text(`day ${day}`, { x: at, y: bottom + 18, anchor: 'middle', kind: 'note' }),
    ];
  }).flat();
};

const legend = (y: number): readonly string[] => {
  const entries = [
    ['had', 'spot could be had'],
    ['spot', 'ran on spot'],
    ['paid', 'ran on demand'],
    ['free', 'nothing'],
  ] as const;
  return entries.flatMap(([kind, words], index) => [
    box(kind, { x: LEFT + index * 170, y: y - 11, width: 14, height: 14 }),
    text(words, { x: LEFT + index * 170 + 20, y, kind: 'note' }),
  ]);
};

/** One week with its purchases drawn over what could be had, from the JSON of a single run. */
export const weekPicture = (
  { timeline, policies }: ReplayJson,
  told: { readonly title: string; readonly note: string },
): string => {
  if (timeline === undefined)
    throw new Error('Only the JSON of a single run has a timeline: replay with --start-hours.');
  const x: ToX = (tick) => LEFT + (tick / timeline.deadlineTicks) * (RIGHT - LEFT);
  const pools = Object.keys(timeline.pools);
  const strips = Object.keys(timeline.policies).filter((policy) => policy !== ON_DEMAND);
  const stripTop = TOP + pools.length * ROW + GROUP_GAP;
  const bottom = stripTop + strips.length * ROW;
  return picture(WIDTH, bottom + 80, told.title, [
    text(told.title, { x: LEFT, y: 28, kind: 'title' }),
    text(told.note, { x: LEFT, y: 48, kind: 'note' }),
    ...days(timeline, bottom, x),
    ...pools.flatMap((pool, index) => poolRow(timeline, pool, TOP + index * ROW, x)),
    ...strips.flatMap((policy, index) => strip(timeline, policy, stripTop + index * ROW, x, policies[policy]!.cost)),
    text(
      `$${policies['on-demand']!.cost.toFixed(0)} on demand alone, $${policies['optimum']!.cost.toFixed(0)} with all known beforehand`,
      {
        x: LEFT,
        y: bottom + 66,
        kind: 'note',
      },
    ),
    ...legend(bottom + 44),
  ]);
};
