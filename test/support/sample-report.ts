/**
 * A report with something of everything, for tests and for looking at:
 *
 *     node --input-type=module -e "import { sampleReport } from './test/support/sample-report.ts';
 *       import { renderHtml } from './lib/report/html.ts';
 *       console.log(renderHtml(sampleReport(), { number: 1 }))" > /tmp/report.html
 */
import { fleetName, instanceId } from '../../lib/fleet/ids.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import type { Run } from '../../lib/fleet/run.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { buildReport, type ReportInput } from '../../lib/money/build-report.ts';
import type { CostReport } from '../../lib/money/cost-report.ts';
import { US_DOLLAR } from '../../lib/money/currency.ts';
import { reportPeriod } from '../../lib/money/period.ts';

export const HOUR_MS = 3_600_000;

export const pool = (instanceType: string, zone: string, purchase: Pool['purchase']): Pool => ({
  instanceType,
  zone,
  purchase,
});

/** The n-th machine of a test. */
export const machine = (number: number) => instanceId(`i-${number.toString(16).padStart(17, '0')}`);

export const runOfPool = (
  number: number,
  ofPool: Pool,
  launchedAt: number,
  hours: number,
  how: Partial<Run> = {},
): Run => ({
  form: 1,
  instanceId: machine(number),
  fleet: fleetName('index'),
  pool: ofPool,
  launchedAt: epochMs(launchedAt),
  endedAt: epochMs(launchedAt + hours * HOUR_MS),
  endedBy: 'us',
  interruption: 'none',
  ...how,
});

const week = reportPeriod('2026-W47', 'Europe/Berlin');
const spotA = pool('c7g.large', 'us-east-1a', 'spot');
const spotB = pool('m7g.large', 'us-east-1b', 'spot');
const onDemand = pool('c7g.large', 'us-east-1a', 'on-demand');
const unpriced = pool('c6g.large', 'us-east-1c', 'spot');

export const sampleInput: ReportInput = {
  reportId: 'rep-20261123-sample',
  fleet: fleetName('index'),
  period: week,
  madeAt: addMs(week.to, 8 * HOUR_MS),
  runs: [
    runOfPool(1, spotA, week.from + 2 * HOUR_MS, 60),
    runOfPool(2, spotA, week.from + 30 * HOUR_MS, 0.7, { endedBy: 'ec2', interruption: 'warned', rebalanced: true }),
    runOfPool(3, spotB, week.from + 40 * HOUR_MS, 90, { endedBy: 'ec2', interruption: 'warned' }),
    runOfPool(4, spotB, week.from + 50 * HOUR_MS, 20.5, { endedBy: 'ec2', interruption: 'unwarned' }),
    runOfPool(5, onDemand, week.from + 71 * HOUR_MS, 25),
    runOfPool(6, spotA, week.from - 10 * HOUR_MS, 48),
  ],
  members: [
    { instanceId: machine(7), pool: spotA, launchedAt: addMs(week.to, -30 * HOUR_MS) },
    { instanceId: machine(8), pool: onDemand, launchedAt: addMs(week.to, -3 * HOUR_MS) },
  ],
  spotHistory: new Map([
    [
      'c7g.large/us-east-1a',
      [
        { at: addMs(week.from, -40 * HOUR_MS), microUsdPerHour: 24_100 },
        { at: addMs(week.from, 45 * HOUR_MS), microUsdPerHour: 27_900 },
      ],
    ],
    ['m7g.large/us-east-1b', [{ at: addMs(week.from, -40 * HOUR_MS), microUsdPerHour: 29_300 }]],
  ]),
  onDemand: new Map([
    ['c7g.large', 72_500],
    ['m7g.large', 81_600],
    ['c6g.large', 68_000],
  ]),
  tasks: { done: 48_213, dead: 3, reclaims: 57, redoneMs: 5_640_000 },
  currency: US_DOLLAR,
};

export const sampleReport = (): CostReport => buildReport(sampleInput);

/** The same with a machine of a pool that AWS gives no price for. */
export const samplePartialReport = (): CostReport =>
  buildReport({ ...sampleInput, runs: [...sampleInput.runs, runOfPool(9, unpriced, week.from, 5)] });
