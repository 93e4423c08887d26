import type { Member } from '../../lib/fleet/fleet.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import { US_DOLLAR } from '../../lib/money/currency.ts';
import type { Mailer, Prices } from '../../lib/ports/money.ts';
import { memoryMailer } from '../../lib/simulator/ports/memory-mailer.ts';
import { memoryMoneyLedger } from '../../lib/simulator/ports/memory-money-ledger.ts';
import { memoryPrices } from '../../lib/simulator/ports/memory-prices.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import type { MetricName } from '../../lib/telemetry/names.ts';
import type { ReportSettings, ReportWorld } from '../../lib/workflows/report-world.ts';

export const FLEET = fleetName('index');

/** A report world in memory whose clock stands still until a test moves it. */
export const reportWorld = (
  options: {
    readonly now?: string;
    readonly members?: readonly Member[];
    readonly prices?: Prices;
    readonly mailer?: Mailer;
    readonly settings?: Partial<ReportSettings>;
  } = {},
) => {
  const money = memoryMoneyLedger();
  const mailer = memoryMailer();
  const tasks = memoryTaskLedger();
  const counted: MetricName[] = [];
  const logged: string[] = [];
  let now: EpochMs = epochMs(Date.parse(options.now ?? '2026-11-23T07:00:00Z'));
  let ids = 0;
  const write = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const settings: ReportSettings = {
    recipients: ['ops@example.com'],
    from: 'spothop@example.com',
    schedule: 'cron(0 8 ? * MON *)',
    timeZone: 'Europe/Berlin',
    currency: US_DOLLAR,
    ...options.settings,
  };
  const world: ReportWorld = {
    clock: { now: () => now, sleep: async () => undefined },
    newId: () => {
      ids += 1;
      return `report-${ids}`;
    },
    money,
    tasks,
    fleets: {
      read: async (fleet) => ({
        head: { fleet, generation: 1, openIntents: {}, answered: {}, pools: {} },
        members: options.members ?? [],
      }),
    },
    prices:
      options.prices ??
      memoryPrices(
        new Map([['c7g.large/us-east-1a', [{ at: epochMs(0), microUsdPerHour: 25_000 }]]]),
        new Map([['c7g.large', 100_000]]),
      ),
    mailer: options.mailer ?? mailer,
    reports: new Map([[FLEET, settings]]),
    log: { debug: write, info: write, warn: write, error: write },
    metrics: { count: (name) => void counted.push(name) },
  };
  const moveTo = (iso: string): void => {
    now = epochMs(Date.parse(iso));
  };
  return { world, money, tasks, mailer, counted, logged, moveTo };
};
