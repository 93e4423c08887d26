import type { CostReport } from '../money/cost-report.ts';
import { oneLine } from './escape.ts';
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
import { headline, type Sending } from './headline.ts';
import { duration, machineMs, periodInterval, periodName, sumOfMoney } from './wording.ts';

const section = (title: string, facts: readonly Fact[]): string => {
  const width = Math.max(...facts.map(([name]) => name.length));
  return [title, ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
};

const poolSection = (report: CostReport): string =>
  section(
    'Pools',
    report.pools.map((line) => [
      `${poolName(line)}, ${poolPurchase(line)}`,
      `${duration(machineMs(line))}, spent ${sumOfMoney(line.spent, line.runCount, report)}, saved ${sumOfMoney(line.saved, line.runCount, report)}`,
    ]),
  );

/** The report as plain text, for terminals and for readers that show no HTML. */
export const renderText = (report: CostReport, sending: Sending): string =>
  [
    `${oneLine(report.fleet)}, ${periodName(report.period)}: ${headline(report)}\n${periodInterval(report.period)}`,
    section('Money', moneyFacts(report)),
    section('Machines', machineFacts(report)),
    section('Interruptions', interruptionFacts(report)),
    section('Tasks', taskFacts(report)),
    ...(report.pools.length > 0 ? [poolSection(report)] : []),
    remarks(report, sending).join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
