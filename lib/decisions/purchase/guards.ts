import { isSameChoice, outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** Against rounding in sums of seconds and money. */
const ROUNDING = 1e-6;

/** Ticks that a choice is meant to last: what is launched is not to be given up before it has worked. */
const ticksMeant = (view: PurchaseView, choice: PurchaseChoice): number => {
  if (choice.kind !== 'spot') return 1;
  const owed = isSameChoice(choice, view.running) ? view.changeoverLeftSeconds : view.changeoverSeconds;
  return Math.max(1, Math.ceil(owed / view.tickSeconds));
};

/**
 * Whether on-demand alone can still finish in time after a tick of this choice, with one more changeover if it is not
 * running by then; spot that is starting must be able to finish its start-up too. Holds before every tick if it held
 * before the first and every choice keeps it.
 */
export const keepsDeadline = (view: PurchaseView, choice: PurchaseChoice): boolean => {
  const seconds = ticksMeant(view, choice) * view.tickSeconds;
  const workLeftSecondsMost = Math.max(view.workLeftSeconds, view.workLeftSecondsMax ?? 0);
  const most = { ...view, tickSeconds: seconds, workLeftSeconds: workLeftSecondsMost };
  const { workLeftSeconds, changeoverLeftSeconds } = outlookOf(most, choice);
  if (workLeftSeconds <= 0) return true;
  const changeoverSecondsMax = Math.max(view.changeoverSeconds, view.changeoverSecondsMax ?? 0);
  const startUp = choice.kind === 'on-demand' ? changeoverLeftSeconds : changeoverSecondsMax;
  return startUp + workLeftSeconds <= view.secondsLeft - seconds + ROUNDING;
};

/** What the job has spent so far, what work that has brought, and what the job comes to on demand alone. */
export interface Ledger {
  readonly spent: number;
  readonly workedSeconds: number;
  /** All work and one changeover. */
  readonly aloneSeconds: number;
}

export const openLedger = ({ workLeftSeconds, changeoverSeconds }: PurchaseView): Ledger => ({
  spent: 0,
  workedSeconds: 0,
  aloneSeconds: workLeftSeconds + changeoverSeconds,
});

/** The machine of the last tick is paid for, and the work is known that it has really done. */
export const charge = (ledger: Ledger, price: number, usedSeconds: number, workedSeconds: number): Ledger => ({
  ...ledger,
  spent: ledger.spent + (price * usedSeconds) / 3_600,
  workedSeconds: ledger.workedSeconds + workedSeconds,
});

/**
 * Share of the cost of on-demand alone that a job may waste on changeovers. The replays of 2022 come to 2.6 % at the most
 * when nothing holds them back, so it binds only where the market is worse than any that was replayed.
 */
export const WASTE_SHARE_MAX = 0.03;

/**
 * Whether the job, going on on-demand after this tick, would cost no more than on-demand alone, the waste allowed and one
 * changeover at the on-demand price. Spot that works earns credit, spot that dies young and every change use it up;
 * without credit only on-demand is left.
 */
export const keepsAllowance = (
  ledger: Ledger,
  view: PurchaseView,
  choice: PurchaseChoice,
  price: number,
  onDemandPrice: number,
): boolean => {
  const { usedSeconds, workedSeconds } = outlookOf(view, choice);
  const after = charge(ledger, price, usedSeconds, workedSeconds);
  const wasteSeconds = (view.wasteShareMax ?? WASTE_SHARE_MAX) * ledger.aloneSeconds;
  const coveredSeconds = after.workedSeconds + wasteSeconds + view.changeoverSeconds;
  return after.spent <= (coveredSeconds * onDemandPrice) / 3_600 + ROUNDING;
};
