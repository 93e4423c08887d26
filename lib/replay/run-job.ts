import {
  type Choice,
  isAvailable,
  type JobOutcome,
  type JobPolicyMaker,
  type JobRules,
  type JobView,
  type Market,
} from './job.ts';

interface Position {
  readonly workLeftSeconds: number;
  readonly running: Choice;
  readonly changeoverLeftSeconds: number;
}

/** What a tick of this choice leaves: first the start-up is paid, the rest is work. */
const after = (rules: JobRules, at: Position, choice: Choice): Position => {
  if (choice === 'idle') return { ...at, running: 'idle', changeoverLeftSeconds: 0 };
  const owed = choice === at.running ? at.changeoverLeftSeconds : rules.changeoverSeconds;
  const paid = Math.min(owed, rules.tickSeconds);
  const worked = Math.min(rules.tickSeconds - paid, at.workLeftSeconds);
  return { running: choice, changeoverLeftSeconds: owed - paid, workLeftSeconds: at.workLeftSeconds - worked };
};

/**
 * Whether on-demand alone can still finish in time after this choice, with one more changeover if it is not running by
 * then: the strict guard, under which no policy can lose a deadline that was possible at the start.
 */
export const keepsDeadline = (view: JobView, choice: Choice): boolean => {
  const { rules } = view;
  const next = after(rules, view, choice);
  if (next.workLeftSeconds === 0) return true;
  const startUp = choice === 'on-demand' ? next.changeoverLeftSeconds : rules.changeoverSeconds;
  return startUp + next.workLeftSeconds <= (rules.deadlineTicks - view.tick - 1) * rules.tickSeconds;
};

/** What is run where the policy does not guard itself. */
export const guarded = (view: JobView, choice: Choice): Choice => (keepsDeadline(view, choice) ? choice : 'on-demand');

const secondsUsed = (rules: JobRules, at: Position, choice: Choice): number => {
  if (rules.billsWholeTicks) return rules.tickSeconds;
  const owed = choice === at.running ? at.changeoverLeftSeconds : rules.changeoverSeconds;
  return Math.min(rules.tickSeconds, owed + at.workLeftSeconds);
};

const priceOf = (rules: JobRules, market: Market, choice: Choice, tick: number): number => {
  if (choice === 'idle') return 0;
  return choice === 'on-demand' ? rules.onDemandPrice : market.pools[choice]!.price[tick]!;
};

/** A choice that the market does not offer is a fault of the policy, not of the market. */
const assertOffered = (market: Market, choice: Choice, tick: number): void => {
  if (typeof choice === 'number' && !isAvailable(market, choice, tick)) {
    throw new Error(`The policy chose pool ${choice} in tick ${tick}, where it has no spot.`);
  }
};

const isLost = (rules: JobRules, market: Market, { running, changeoverLeftSeconds }: Position, tick: number): boolean =>
  typeof running === 'number' &&
  (!isAvailable(market, running, tick) || (rules.isSpotDeadly === true && changeoverLeftSeconds === 0));

const interrupted = (rules: JobRules, market: Market, at: Position, tick: number): Position =>
  isLost(rules, market, at, tick) ? { ...at, running: 'idle', changeoverLeftSeconds: 0 } : at;

/** Replays one job on one window of a market, tick by tick. */
export const runJob = (maker: JobPolicyMaker, market: Market, rules: JobRules): JobOutcome => {
  const policy = maker.create(rules);
  const choices: Choice[] = [];
  let at: Position = { workLeftSeconds: rules.workSeconds, running: 'idle', changeoverLeftSeconds: 0 };
  let cost = 0;
  let launches = 0;
  for (let tick = 0; at.workLeftSeconds > 0 && tick < rules.deadlineTicks; tick += 1) {
    at = interrupted(rules, market, at, tick);
    const view: JobView = { rules, market, tick, ...at };
    const chosen = policy.choose(view);
    const choice = maker.guardsItself === true ? chosen : guarded(view, chosen);
    assertOffered(market, choice, tick);
    if (choice !== 'idle' && choice !== at.running) launches += 1;
    cost += (priceOf(rules, market, choice, tick) * (choice === 'idle' ? 0 : secondsUsed(rules, at, choice))) / 3_600;
    at = after(rules, at, choice);
    choices.push(choice);
  }
  return { cost, isMissed: at.workLeftSeconds > 0, launches, choices };
};
