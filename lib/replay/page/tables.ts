import type { FiguresJson, LostCellJson, PolicyJson, ReplayJson } from './replay-json.ts';

type Row = readonly string[];

const markdown = ([titles, ...rows]: readonly Row[]): string =>
  [titles!, titles!.map((_, column) => (column === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const bold = (text: string, isBold: boolean): string => (isBold ? `**${text}**` : text);

const policiesOf = ({ policies }: ReplayJson): readonly (readonly [string, PolicyJson])[] => Object.entries(policies);

const costDigits = ({ policies }: ReplayJson): number => (Object.values(policies)[0]!.cost > 10 ? 2 : 3);

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** A row for each policy; the columns that the suite has. */
export const policyTable = (replay: ReplayJson): string => {
  const all = policiesOf(replay);
  const hasScore = all.some(([, { score }]) => score !== null);
  const hasThroughput = all.some(([, { throughput }]) => throughput !== undefined);
  const hasMost = all.some(([, { dearest }]) => dearest !== undefined);
  const digits = costDigits(replay);
  const titles = [
    'policy',
    'mean cost',
    '95 % of redraws',
    ...(hasScore ? ['score'] : []),
    ...(hasThroughput ? ['work done'] : []),
    'cost / optimum',
    hasThroughput ? 'below 99.5 %' : 'missed',
    ...(hasMost ? ['dearest / most'] : []),
    'launches a run',
  ];
  const rows = all.map(([name, figures]) => [
    bold(name, name === 'spothop'),
    bold(figures.cost.toFixed(digits), name === 'spothop'),
    figures.costInterval.map((end) => end.toFixed(digits)).join('–'),
    ...(hasScore ? [figures.score!.toFixed(2)] : []),
    ...(hasThroughput ? [percent(figures.throughput!)] : []),
    figures.ratioToOptimum.toFixed(3),
    `${figures.misses} of ${figures.runs}`,
    ...(hasMost ? [figures.dearest?.toFixed(3) ?? ''] : []),
    figures.launches.toFixed(1),
  ]);
  return markdown([titles, ...rows]);
};

const cellText = ({ ratioToOptimum, misses }: FiguresJson, isBest: boolean): string =>
  bold(`${ratioToOptimum.toFixed(3)}${misses > 0 ? '!' : ''}`, isBest);

/** Policies that a cell compares: the optimum is 1 by definition, and on-demand alone is in the table above. */
const compared = (replay: ReplayJson): readonly (readonly [string, PolicyJson])[] =>
  policiesOf(replay).filter(([name]) => name !== 'optimum' && name !== 'on-demand' && name !== 'spot-only');

/** Cost over the optimum in each cell; the best that misses nothing in bold. */
export const cellTable = (replay: ReplayJson): string => {
  const all = compared(replay);
  const rows = all[0]![1].cells.map(({ name }, index) => {
    const cells = all.map(([, { cells: of }]) => of[index]!);
    const best = Math.min(...cells.filter(({ misses }) => misses === 0).map(({ ratioToOptimum }) => ratioToOptimum));
    return [name, ...cells.map((cell) => cellText(cell, cell.misses === 0 && cell.ratioToOptimum === best))];
  });
  return markdown([['cost / optimum', ...all.map(([name]) => name)], ...rows]);
};

const lostLine = ({ cell, to, extraCost, interval, isCertain }: LostCellJson): string => {
  const range = `${interval.from.toFixed(4)} to ${interval.to.toFixed(4)}`;
  return `- ${cell}: ${extraCost.toFixed(4)} dearer than ${to} (${range})${isCertain ? '' : ', within the noise'}`;
};

/** Every cell in which ours costs more than a policy that everybody knows. */
export const lostList = ({ lostCells }: ReplayJson): string =>
  lostCells.length === 0 ? 'None.' : lostCells.map(lostLine).join('\n');

/** A fleet's cells for one size: what share of its work each policy did, and at which share of the on-demand cost. */
export const fleetTable = (replay: ReplayJson): string => {
  const all = compared(replay);
  const rows = all[0]![1].cells.map(({ name }, index) => [
    name,
    ...all.map(([policy, { cells }]) => {
      const { throughput, cost, misses } = cells[index]!;
      return bold(
        `${cost.toFixed(3)}, ${percent(throughput!)}${misses > 0 ? ` (${misses}!)` : ''}`,
        policy === 'spothop',
      );
    }),
  ]);
  return markdown([['cost, work done', ...all.map(([name]) => name)], ...rows]);
};
