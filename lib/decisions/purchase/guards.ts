import { isSameChoice, outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** Against rounding in sums of seconds and money. */
const ROUNDING = 1e-6;

/** Ticks that a choice is meant to last: what is launched is not to be given up before it has worked. */
const ticksMeant = (view: PurchaseView, choice: PurchaseChoice): number => {
  if (choice.kind !== 'spot') return 1;
  const owed = isSameChoice(choice, view.running) ? view.changeoverLeftSeconds : view.changeoverSeconds;
  return Math.max(1, Math.ceil(owed / view.tickSeconds));
};

/** The view if work and start-ups take the most that they may. */
const atMost = (view: PurchaseView): PurchaseView => ({
  ...view,
  workLeftSeconds: Math.max(view.workLeftSeconds, view.workLeftSecondsMax ?? 0),
  changeoverSeconds: Math.max(view.changeoverSeconds, view.changeoverSecondsMax ?? 0),
  changeoverLeftSeconds: Math.max(view.changeoverLeftSeconds, view.changeoverLeftSecondsMax ?? 0),
});

/**
 * Whether on-demand alone can still finish in time after a tick of this choice, with one more changeover if it is not
 * running by then; spot that is starting must be able to finish its start-up too. Holds before every tick if it held
 * before the first and every choice keeps it.
 */
export const keepsDeadline = (view: PurchaseView, choice: PurchaseChoice): boolean => {
  const most = atMost(view);
  const seconds = ticksMeant(most, choice) * view.tickSeconds;
  const { workLeftSeconds, changeoverLeftSeconds } = outlookOf({ ...most, tickSeconds: seconds }, choice);
  if (workLeftSeconds <= 0) return true;
  const startUp = choice.kind === 'on-demand' ? changeoverLeftSeconds : most.changeoverSeconds;
  return startUp + workLeftSeconds <= view.secondsLeft - seconds + ROUNDING;
};

/** What the job has spent so far, and in the seconds of work that it was told of, what that has brought and all there is. */
export interface Ledger {
  readonly spent: number;
  readonly work: number;
  readonly aloneWork: number;
}

export const openLedger = ({ workLeftSeconds }: PurchaseView): Ledger => ({
  spent: 0,
  work: 0,
  aloneWork: workLeftSeconds,
});

/** The machine of the last tick is paid for, and the work is known that it has really done. */
export const charge = (ledger: Ledger, price: number, usedSeconds: number, work: number): Ledger => ({
  ...ledger,
  spent: ledger.spent + (price * usedSeconds) / 3_600,
  work: ledger.work + work,
});

/**
 * Share of the cost of on-demand alone that a job may waste on changeovers. The replays of 2022 come to 2.6 % at the most
 * when nothing holds them back, so it binds only where the market is worse than any that was replayed.
 */
export const WASTE_SHARE_MAX = 0.03;

/**
 * Whether the job, going on on-demand after this tick, would cost no more than on-demand alone, the waste allowed and one
 * changeover at the on-demand price. Spot that works earns credit, spot that dies young and every change use it up;
 * without credit only on-demand is left. `pace` turns the work that was told of into seconds of a machine.
 */
export const keepsAllowance = (
  ledger: Ledger,
  pace: number,
  view: PurchaseView,
  choice: PurchaseChoice,
  price: number,
  onDemandPrice: number,
): boolean => {
  const { usedSeconds, workedSeconds } = outlookOf(view, choice);
  const { spent } = charge(ledger, price, usedSeconds, 0);
  const aloneSeconds = ledger.aloneWork / pace + view.changeoverSeconds;
  const wasteSeconds = (view.wasteShareMax ?? WASTE_SHARE_MAX) * aloneSeconds;
  const coveredSeconds = ledger.work / pace + workedSeconds + wasteSeconds + view.changeoverSeconds;
  return spent <= (coveredSeconds * onDemandPrice) / 3_600 + ROUNDING;
};
