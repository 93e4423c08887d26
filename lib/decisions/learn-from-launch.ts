import type { PoolMemory } from '../fleet/fleet.ts';
import { NO_CAPACITY_REST_SECONDS, RECONCILE_RETRY_SECONDS } from '../fleet/limits.ts';
import { type Pool, type Purchase, poolKey } from '../fleet/pool.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { LaunchAnswer, LaunchRefusal, RefusalClass } from '../ports/machines.ts';
import type { MetricName } from '../telemetry/names.ts';
import { afterGrant, afterRefusal } from './pool-memory.ts';

export interface Lesson {
  readonly pools: Readonly<Record<string, PoolMemory>>;
  readonly restUntil?: EpochMs;
  readonly alarms: readonly { readonly metric: MetricName; readonly reason: string }[];
}

interface ClassRule {
  /** The pool is set aside, so that the next plan asks another one. */
  readonly strikesPool: boolean;
  /** Nobody is asked for this long; 0 when another pool may be asked at once. */
  readonly restSeconds: number;
  readonly alarm?: MetricName;
}

/** Somebody has to change a permission, a quota or a file: asking every minute would only fill the log. */
const REPAIR_REST_SECONDS = 600;

/** What each class of refusal means for the next plan (reliability B19). Authorisation is never "no capacity". */
const CLASS_RULES: Readonly<Record<RefusalClass, ClassRule>> = {
  capacity: { strikesPool: true, restSeconds: 0 },
  price: { strikesPool: true, restSeconds: 0 },
  quota: { strikesPool: true, restSeconds: 0, alarm: 'QuotaReached' },
  network: { strikesPool: true, restSeconds: 0 },
  throttle: { strikesPool: false, restSeconds: RECONCILE_RETRY_SECONDS },
  eventual: { strikesPool: false, restSeconds: RECONCILE_RETRY_SECONDS },
  configuration: { strikesPool: false, restSeconds: REPAIR_REST_SECONDS, alarm: 'LaunchesMisconfigured' },
  authorisation: { strikesPool: false, restSeconds: REPAIR_REST_SECONDS, alarm: 'LaunchesUnauthorised' },
  unknown: { strikesPool: true, restSeconds: 0, alarm: 'LaunchesMisconfigured' },
};

type Answered = Extract<LaunchAnswer, { readonly answered: true }>;

const refusedPools = (refusals: readonly LaunchRefusal[], asked: readonly Pool[]): string[] =>
  refusals
    .filter((refusal) => CLASS_RULES[refusal.class].strikesPool)
    .flatMap((refusal) => (refusal.pool ? [poolKey(refusal.pool)] : asked.map(poolKey)));

const restSeconds = (answer: Answered, purchase: Purchase): number => {
  const byClass = Math.max(0, ...answer.refusals.map((refusal) => CLASS_RULES[refusal.class].restSeconds));
  const gaveNothing = answer.machines.length === 0;
  // On demand is the last resort: when it gives nothing either, there is nobody left to ask for a while. And an answer
  // that says neither yes nor no must not be asked for again at once.
  const isLastResort = gaveNothing && (purchase === 'on-demand' || answer.refusals.length === 0);
  return Math.max(byClass, isLastResort ? NO_CAPACITY_REST_SECONDS : 0);
};

/** What an answer teaches about the pools that were asked. */
export const learnFromLaunch = (
  asked: { readonly purchase: Purchase; readonly pools: readonly Pool[] },
  answer: Answered,
  memory: Readonly<Record<string, PoolMemory>>,
  now: EpochMs,
): Lesson => {
  const granted = new Set<string>(answer.machines.map((machine) => poolKey(machine.pool)));
  const refused = new Set<string>(refusedPools(answer.refusals, asked.pools));
  const rest = restSeconds(answer, asked.purchase);
  return {
    pools: Object.fromEntries([
      ...[...granted].map((key) => [key, afterGrant(memory[key], now)] as const),
      ...[...refused].map((key) => [key, afterRefusal(memory[key], now)] as const),
    ]),
    ...(rest > 0 ? { restUntil: addMs(now, secondsToMs(rest)) } : {}),
    alarms: answer.refusals.flatMap((refusal) => {
      const metric = CLASS_RULES[refusal.class].alarm;
      return metric === undefined ? [] : [{ metric, reason: `${refusal.code}: ${refusal.message}` }];
    }),
  };
};
