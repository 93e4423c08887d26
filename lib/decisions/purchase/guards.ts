import { outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** Against rounding in sums of seconds and money. */
const ROUNDING = 1e-6;

/**
 * Whether on-demand alone can still finish in time after a tick of this choice, with one more changeover if it is not
 * running by then. Holds before every tick if it held before the first and every choice keeps it.
 */
export const keepsDeadline = (view: PurchaseView, choice: PurchaseChoice): boolean => {
  const most = { ...view, workLeftSeconds: Math.max(view.workLeftSeconds, view.workLeftSecondsMax ?? 0) };
  const { workLeftSeconds, changeoverLeftSeconds } = outlookOf(most, choice);
  if (workLeftSeconds <= 0) return true;
  const startUp = choice.kind === 'on-demand' ? changeoverLeftSeconds : view.changeoverSeconds;
  return startUp + workLeftSeconds <= view.secondsLeft - view.tickSeconds + ROUNDING;
};

/** What the job has spent so far, and what that has brought. */
export interface Ledger {
  readonly spent: number;
  readonly workedSeconds: number;
}

export const EMPTY_LEDGER: Ledger = { spent: 0, workedSeconds: 0 };

export const charge = (ledger: Ledger, view: PurchaseView, choice: PurchaseChoice, price: number): Ledger => {
  const { usedSeconds, workedSeconds } = outlookOf(view, choice);
  return {
    spent: ledger.spent + (price * usedSeconds) / 3_600,
    workedSeconds: ledger.workedSeconds + workedSeconds,
  };
};

/**
 * Whether the job, going on on-demand after this tick, would cost no more than on-demand alone and one changeover at the
 * on-demand price: what was spent must be covered by the work it brought, plus that one changeover. Spot that works earns
 * credit, spot that dies young uses it up; without credit only on-demand is left.
 */
export const keepsAllowance = (
  ledger: Ledger,
  view: PurchaseView,
  choice: PurchaseChoice,
  price: number,
  onDemandPrice: number,
): boolean => {
  const after = charge(ledger, view, choice, price);
  const covered = ((after.workedSeconds + view.changeoverSeconds) * onDemandPrice) / 3_600;
  return after.spent <= covered + ROUNDING;
};
