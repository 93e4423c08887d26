import type { ReplayJson } from './replay-json.ts';
import { line, picture, text } from './svg.ts';

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 60;
const RIGHT = 590;
const TOP = 60;
const BOTTOM = 350;
const COST_STEP = 0.1;
const LABEL_HEIGHT = 17;
/** So that the lowest curve's name stays above the axis. */
const ROOM_BELOW = 0.06;

interface Curve {
  readonly policy: string;
  readonly points: readonly { readonly deadline: number; readonly cost: number }[];
}

/** `deadline 1.05 ×` → 1.05 */
const deadlineOf = (cell: string): number => Number(/[\d.]+/.exec(cell)![0]);

const curvesOf = ({ policies }: ReplayJson): readonly Curve[] =>
  Object.entries(policies).map(([policy, { cells }]) => ({
    policy,
    points: cells.map(({ name, cost }) => ({ deadline: deadlineOf(name), cost })),
  }));

/** Time beyond the work, drawn logarithmically: from 5 % to 10 % matters as much as from one job's length to two. */
const slackOf = (deadline: number): number => Math.log(deadline - 1);

interface Scale {
  readonly x: (deadline: number) => number;
  readonly y: (cost: number) => number;
  readonly costs: readonly number[];
  readonly deadlines: readonly number[];
}

const scaleOf = (curves: readonly Curve[]): Scale => {
  const all = curves.flatMap(({ points }) => points);
  const deadlines = curves[0]!.points.map(({ deadline }) => deadline);
  const least = Math.floor((Math.min(...all.map(({ cost }) => cost)) - ROOM_BELOW) / COST_STEP) * COST_STEP;
  const [first, last] = [slackOf(deadlines[0]!), slackOf(deadlines.at(-1)!)];
  const steps = Math.round((1 - least) / COST_STEP);
  return {
    x: (deadline) => LEFT + ((slackOf(deadline) - first) / (last - first)) * (RIGHT - LEFT),
    y: (cost) => BOTTOM - ((cost - least) / (1 - least)) * (BOTTOM - TOP),
    costs: Array.from({ length: steps + 1 }, (_, step) => least + step * COST_STEP),
    deadlines,
  };
};

const axes = ({ x, y, costs, deadlines }: Scale): readonly string[] => [
  ...costs.flatMap((cost) => [
    line('grid', [
      [LEFT, y(cost)],
      [RIGHT, y(cost)],
    ]),
    text(`${Math.round(100 * cost)} %`, { x: LEFT - 8, y: y(cost) + 4, anchor: 'end', kind: 'note' }),
  ]),
  line('axis', [
    [LEFT, BOTTOM],
    [RIGHT, BOTTOM],
  ]),
  ...deadlines.map((deadline) =>
    text(`${deadline} ×`, { x: x(deadline), y: BOTTOM + 20, anchor: 'middle', kind: 'note' }),
  ),
];

/** Each curve is named at its right end, moved down as far as the name above needs. */
const names = (curves: readonly Curve[], { y }: Scale): readonly string[] => {
  const ends = curves.map(({ policy, points }) => ({ policy, cost: points.at(-1)!.cost }));
  let lowest = Number.NEGATIVE_INFINITY;
  return ends
    .sort((one, other) => other.cost - one.cost)
    .map(({ policy, cost }) => {
      lowest = Math.max(y(cost) + 4, lowest + LABEL_HEIGHT);
      return text(`${policy} ${(100 * cost).toFixed(0)} %`, { x: RIGHT + 10, y: lowest });
    });
};

/** Cost over deadline, from the JSON of the suite of deadlines. */
export const deadlinePicture = (replay: ReplayJson): string => {
  const curves = curvesOf(replay);
  const scale = scaleOf(curves);
  const { runs } = Object.values(replay.policies)[0]!;
  return picture(WIDTH, HEIGHT, 'What a day of work costs, over how long it may take, for each policy', [
    text('What a day of work costs, as a share of on-demand', { x: LEFT, y: 28, kind: 'title' }),
    text(`mean of ${runs} runs on eight pools of 2022, spot at 30 % of on-demand, start-up 6 min`, {
      x: LEFT,
      y: 46,
      kind: 'note',
    }),
    ...axes(scale),
    text('deadline, in times the work; slack drawn logarithmically', {
      x: (LEFT + RIGHT) / 2,
      y: BOTTOM + 46,
      anchor: 'middle',
      kind: 'note',
    }),
    ...[...curves].reverse().map(({ policy, points }) =>
      line(
        policy,
        points.map(({ deadline, cost }) => [scale.x(deadline), scale.y(cost)] as const),
      ),
    ),
    ...names(curves, scale),
  ]);
};
