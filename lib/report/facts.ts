import { toIso } from '../fleet/time.ts';
import type { CostReport, PoolLine } from '../money/cost-report.ts';
import { oneLine } from './escape.ts';
import { isRepeat, type Sending } from './headline.ts';
import { counted, duration, machineMs, money, sumOfMoney } from './wording.ts';

/** The same facts for every form of the report: a name and what to say about it. Not escaped for any of them. */
export type Fact = readonly [name: string, value: string];

export const moneyFacts = (report: CostReport): readonly Fact[] => {
  const { total } = report;
  return [
    ['Spent', sumOfMoney(total.spent, total.runCount, report)],
    ['On demand would be', sumOfMoney(total.onDemandWouldBe, total.runCount, report)],
    ['Saved', sumOfMoney(total.saved, total.runCount, report)],
  ];
};

export const machineFacts = ({ total }: CostReport): readonly Fact[] => [
  ['Machines', counted(total.runCount, 'machine')],
  ['Machine time', duration(machineMs(total))],
  ['on spot', duration(total.time.spotMs)],
  ['on spot, free (taken in the first hour)', duration(total.time.freeMs)],
  ['on demand', duration(total.time.onDemandMs)],
];

export const interruptionFacts = ({ interruptions }: CostReport): readonly Fact[] => [
  ['With notice', counted(interruptions.warned, 'machine')],
  ['Without notice', counted(interruptions.unwarned, 'machine')],
  ['Rebalance recommendations', counted(interruptions.rebalances, 'machine')],
];

export const taskFacts = (report: CostReport): readonly Fact[] => {
  const { done, dead, reclaims, redoneMs } = report.tasks;
  return [
    ['Done', counted(done, 'task')],
    ['Dead', counted(dead, 'task')],
    ['Handed on by a reclaim', counted(reclaims, 'time')],
    ['Work done again', redoneMs === 'unknown' ? 'unknown' : duration(redoneMs)],
    ['Cost of a task', money(report.costPerTaskMicros, report, 6)],
  ];
};

export const poolName = ({ pool }: PoolLine): string => oneLine(`${pool.instanceType} ${pool.zone}`);

export const poolPurchase = ({ pool }: PoolLine): string => (pool.purchase === 'spot' ? 'spot' : 'on demand');

/** What a reader has to know to trust the figures, or to doubt them. */
export const remarks = (report: CostReport, sending: Sending): readonly string[] => {
  const { total, currency } = report;
  const unknownCount = Math.max(total.spent.unknownCount, total.onDemandWouldBe.unknownCount);
  return [
    ...(isRepeat(sending)
      ? ['Sent again: an earlier sending of this same report may have reached you. Its figures are the same.']
      : []),
    ...(unknownCount > 0
      ? [`AWS gave no price for ${counted(unknownCount, 'machine')}: they count as unknown, not as nothing.`]
      : []),
    ...(total.stillRunningCount > 0
      ? [
          `${counted(total.stillRunningCount, 'machine')} still running: counted so far, the rest belongs to a later report.`,
        ]
      : []),
    ...(total.provisionalCount > 0
      ? [
          `${counted(total.provisionalCount, 'machine')} of them on spot in the first hour: free if EC2 takes them in it.`,
        ]
      : []),
    ...(currency.code === 'USD'
      ? []
      : [`AWS bills in USD. Converted at ${currency.perUsd} ${currency.code} for 1 USD.`]),
    'Machines only, by the published prices: no disks, addresses, traffic, taxes or discounts.',
    `Report ${report.reportId}, made ${toIso(report.madeAt)}.`,
  ];
};
