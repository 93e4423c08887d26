import type { CostReport, MachineTime } from '../money/cost-report.ts';
import {
  type Fact,
  interruptionFacts,
  machineFacts,
  moneyFacts,
  poolName,
  poolPurchase,
  remarks,
  taskFacts,
} from './facts.ts';
import { headline, isRepeat, type Sending, subject } from './headline.ts';
import { BAR_COLOURS, html } from './html-elements.ts';
import { duration, machineMs, periodInterval, periodName, sumOfMoney } from './wording.ts';

const factRows = (facts: readonly Fact[]): string =>
  html.table(facts.map(([name, value]) => html.row([html.nameCell(name), html.valueCell(value)])));

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

interface BarPart {
  readonly name: string;
  readonly colour: string;
  readonly ms: number;
}

const barParts = (time: MachineTime): readonly BarPart[] =>
  [
    { name: 'spot', colour: BAR_COLOURS.spot, ms: time.spotMs },
    { name: 'free', colour: BAR_COLOURS.free, ms: time.freeMs },
    { name: 'on demand', colour: BAR_COLOURS.onDemand, ms: time.onDemandMs },
  ].filter((part) => part.ms > 0);

/** A part too small to see still gets one hundredth; the last part takes what is left, so the bar is always full. */
const barWidths = (parts: readonly BarPart[]): readonly number[] => {
  const totalMs = parts.reduce((sum, part) => sum + part.ms, 0);
  const widths = parts.slice(0, -1).map((part) => Math.min(98, Math.max(1, Math.round((100 * part.ms) / totalMs))));
  return [...widths, Math.max(1, 100 - widths.reduce((sum, width) => sum + width, 0))];
};

/** Machine time by purchase, drawn as the cells of a one-row table: no picture that a reader could block. */
const timeBar = (time: MachineTime): string => {
  const parts = barParts(time);
  if (parts.length === 0) return '';
  const widths = barWidths(parts);
  return [
    html.heading('Where the machine time went'),
    html.table([html.row(parts.map((part, index) => html.barCell(part.colour, widths[index]!)))]),
    html.legend(parts.map((part) => html.legendEntry(part.colour, `${part.name} ${duration(part.ms)}`))),
  ].join('\n');
};

const poolTable = (report: CostReport): string =>
  html.table([
    html.row([
      html.headCell('Pool', 'left'),
      html.headCell('Time', 'right'),
      html.headCell('Spent', 'right'),
      html.headCell('Saved', 'right'),
    ]),
    ...report.pools.map((line) =>
      html.row([
        html.nameCell(poolName(line), poolPurchase(line)),
        html.valueCell(duration(machineMs(line))),
        html.valueCell(sumOfMoney(line.spent, line.runCount, report)),
        html.valueCell(sumOfMoney(line.saved, line.runCount, report)),
      ]),
    ),
  ]);

const section = (title: string, facts: readonly Fact[]): readonly string[] => [html.heading(title), factRows(facts)];

/** The report as a mail: tables with inline styles, readable on a phone, in a light or a dark scheme, without pictures. */
export const renderHtml = (report: CostReport, sending: Sending): string =>
  html.page(
    subject(report, sending),
    [
      ...(isRepeat(sending) ? [html.notice('Sent again: the same report as before.')] : []),
      html.note(`Spothop · ${report.fleet} · ${periodName(report.period)}`),
      html.title(capitalised(headline(report))),
      html.note(periodInterval(report.period)),
      ...section('Money', moneyFacts(report)),
      timeBar(report.total.time),
      ...section('Machines', machineFacts(report)),
      ...section('Interruptions', interruptionFacts(report)),
      ...section('Tasks', taskFacts(report)),
      ...(report.pools.length > 0 ? [html.heading('Pools'), poolTable(report)] : []),
      html.heading('To know'),
      ...remarks(report, sending).map(html.note),
    ].join('\n'),
  );
