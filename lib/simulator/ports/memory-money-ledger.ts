/**
 * The ledger table. DynamoDB by reliability B14: what stands under a key stays.
 * Held against the adapter by `test/contracts/money-ledger.test.ts`.
 *
 * Not modelled: pages, the 400 KB of an item, throttling and outages (injected: F18, F19).
 */
import type { FleetName } from '../../fleet/ids.ts';
import type { Run } from '../../fleet/run.ts';
import type { MoneyLedger, StoredReport } from '../../ports/money.ts';

type PlanEntry = Parameters<MoneyLedger['putPlan']>[0];

export interface MemoryMoneyLedger extends MoneyLedger {
  /** Everything written, for auditors. */
  readonly allRuns: () => readonly Run[];
  readonly allPlans: () => readonly PlanEntry[];
  readonly allReports: () => readonly StoredReport[];
}

/** The UTC day that an entry is kept under: the same machine closed on two days has an entry on each. */
const dayOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

const isWithin = (instant: number, from: number, to: number): boolean => instant >= from && instant < to;

const putOnce = <Entry>(entries: Map<string, Entry>, key: string, entry: Entry): Entry => {
  const first = entries.get(key);
  if (first !== undefined) return first;
  entries.set(key, entry);
  return entry;
};

/** The money ledger in memory, with the adapter's keys and its rule that the first entry stands. */
export const memoryMoneyLedger = (): MemoryMoneyLedger => {
  const runs = new Map<string, Run>();
  const plans = new Map<string, PlanEntry>();
  const reports = new Map<string, StoredReport>();
  const reportKey = (fleet: FleetName, periodKey: string) => `${fleet}#${periodKey}`;
  const changeReport = (key: string, change: (stored: StoredReport) => StoredReport): StoredReport => {
    const stored = reports.get(key);
    if (stored === undefined) throw new Error(`No report ${key} is stored, so none can be marked.`);
    const changed = change(stored);
    reports.set(key, changed);
    return changed;
  };
  return {
    putRun: async (run) => void putOnce(runs, `${run.fleet}#${dayOf(run.endedAt)}#${run.instanceId}`, run),
    runs: async (fleet, from, to) =>
      [...runs.values()].filter((run) => run.fleet === fleet && isWithin(run.endedAt, from, to)),
    putPlan: async (entry) => void putOnce(plans, `${entry.fleet}#${entry.at}#${entry.id}`, entry),
    putReport: async (entry) => putOnce(reports, reportKey(entry.fleet, entry.periodKey), entry),
    report: async (fleet, periodKey) => reports.get(reportKey(fleet, periodKey)),
    markSending: async (fleet, periodKey) =>
      changeReport(reportKey(fleet, periodKey), (stored) => ({ ...stored, sentCount: stored.sentCount + 1 })).sentCount,
    markSent: async (fleet, periodKey, at) =>
      void changeReport(reportKey(fleet, periodKey), (stored) => ({ ...stored, sentAt: at })),
    allRuns: () => [...runs.values()],
    allPlans: () => [...plans.values()],
    allReports: () => [...reports.values()],
  };
};
