import { isSameChoice, type PurchaseChoice, type PurchaseView } from './purchase.ts';

const hours = (seconds: number): string => `${(seconds / 3_600).toFixed(1)} h`;

/** Time that may still be lost before only on-demand can keep the deadline. */
const slackSeconds = ({ secondsLeft, workLeftSeconds, changeoverSeconds }: PurchaseView): number =>
  Math.max(0, secondsLeft - workLeftSeconds - changeoverSeconds);

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Why nothing but on-demand was left to choose. */
export type Forced = 'deadline' | 'allowance' | 'no-pool';

const FORCED: Readonly<Record<Forced, string>> = {
  deadline: 'anything else could miss the deadline',
  allowance: 'spot was lost so often that another loss would go beyond the waste allowed on top of on demand alone',
  'no-pool': 'every pool is too dear or of unknown price',
};

export const explainForced = (view: PurchaseView, forced: Forced): string =>
  `On demand: ${FORCED[forced]} (${hours(view.workLeftSeconds)} of work, ${hours(view.secondsLeft)} left).`;

/** What the choice is expected to save against the next best. */
export interface Comparison {
  readonly choice: PurchaseChoice;
  /** Hours of on-demand. */
  readonly cost: number;
  readonly nextBest: { readonly choice: PurchaseChoice; readonly cost: number } | undefined;
  /** Price of the chosen pool as a share of on-demand. */
  readonly share: number | undefined;
  /** Chance that it is still there after the tick. */
  readonly upChance: number | undefined;
}

const nameOf = (choice: PurchaseChoice): string => {
  if (choice.kind === 'spot') return `spot in ${choice.pool}`;
  return choice.kind === 'idle' ? 'waiting' : 'on demand';
};

const headOf = (view: PurchaseView, { choice, share, upChance }: Comparison): string => {
  if (choice.kind === 'idle') return `Waits: ${hours(slackSeconds(view))} may still be lost`;
  const verb = isSameChoice(choice, view.running) ? 'Stays' : 'Goes';
  if (choice.kind === 'on-demand') return `${verb} on demand: ${hours(slackSeconds(view))} may still be lost`;
  return `${verb} on spot in ${choice.pool} at ${percent(share!)} of on demand, ${percent(upChance!)} sure to last the next ${hours(view.tickSeconds)}`;
};

export const explainChoice = (view: PurchaseView, comparison: Comparison): string => {
  const { cost, nextBest } = comparison;
  if (nextBest === undefined || !Number.isFinite(nextBest.cost)) return `${headOf(view, comparison)}.`;
  const saving = (nextBest.cost - cost).toFixed(2);
  return `${headOf(view, comparison)}; expected to save ${saving} h of on demand against ${nameOf(nextBest.choice)}.`;
};
