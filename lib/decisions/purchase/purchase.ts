/** What one job may run on until the next decision: nothing, on demand, or spot in the pool of that name. */
export type PurchaseChoice =
  | { readonly kind: 'idle' }
  | { readonly kind: 'on-demand' }
  | { readonly kind: 'spot'; readonly pool: string };

/** A pool as it shows itself now. Prices in any currency, an hour; a price that nobody knows is `undefined`, never 0. */
export interface PurchasePool {
  readonly name: string;
  readonly isAvailable: boolean;
  readonly price: number | undefined;
}

/** Everything that is known about one job and its market at the moment of decision. */
export interface PurchaseView {
  /** Until the next decision. */
  readonly tickSeconds: number;
  readonly secondsLeft: number;
  readonly workLeftSeconds: number;
  /** What the deadline is guarded with where the work left is a guess: the most that it may be. */
  readonly workLeftSecondsMax?: number;
  /** Paid from zero by every launch and every change of machine. */
  readonly changeoverSeconds: number;
  /** What the deadline is guarded with where the changeover is a guess: the most that it may take. */
  readonly changeoverSecondsMax?: number;
  /** Start-up still to be paid by what runs. */
  readonly changeoverLeftSeconds: number;
  /** The same if it takes the most that it may. */
  readonly changeoverLeftSecondsMax?: number;
  readonly running: PurchaseChoice;
  readonly onDemandPrice: number | undefined;
  readonly pools: readonly PurchasePool[];
  /** Spot dearer than this share of on-demand is not bought; 1 where nothing is said. */
  readonly spotShareMax?: number;
  /** Share of the cost of on-demand alone that may be wasted on changeovers; `WASTE_SHARE_MAX` where nothing is said. */
  readonly wasteShareMax?: number;
}

/** A choice and, in words, why. */
export interface Purchase {
  readonly choice: PurchaseChoice;
  readonly reason: string;
}

export const isSameChoice = (one: PurchaseChoice, other: PurchaseChoice): boolean =>
  one.kind === 'spot' && other.kind === 'spot' ? one.pool === other.pool : one.kind === other.kind;

/** What a tick of a choice uses and leaves: first the start-up is paid, the rest is work. */
export interface Outlook {
  readonly usedSeconds: number;
  readonly workedSeconds: number;
  readonly workLeftSeconds: number;
  readonly changeoverLeftSeconds: number;
}

export const outlookOf = (view: PurchaseView, choice: PurchaseChoice): Outlook => {
  const { tickSeconds, workLeftSeconds } = view;
  if (choice.kind === 'idle') return { usedSeconds: 0, workedSeconds: 0, workLeftSeconds, changeoverLeftSeconds: 0 };
  const owed = isSameChoice(choice, view.running) ? view.changeoverLeftSeconds : view.changeoverSeconds;
  const paid = Math.min(owed, tickSeconds);
  const workedSeconds = Math.min(tickSeconds - paid, workLeftSeconds);
  return {
    usedSeconds: Math.min(tickSeconds, owed + workLeftSeconds),
    workedSeconds,
    workLeftSeconds: workLeftSeconds - workedSeconds,
    changeoverLeftSeconds: owed - paid,
  };
};
