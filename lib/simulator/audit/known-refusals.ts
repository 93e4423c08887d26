import type { FleetName, IntentId } from '../../fleet/ids.ts';
import { type Pool, poolKey } from '../../fleet/pool.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { LaunchAnswer, LaunchRequest, RefusalClass } from '../../ports/machines.ts';
import type { Caller } from '../life/caller.ts';

type Answered = Extract<LaunchAnswer, { readonly answered: true }>;

interface Lesson {
  readonly refused: readonly string[];
  readonly given: readonly string[];
}

/** Reliability B19: these say something about the pool; the others say it about the caller or the moment. */
const OF_THE_POOL: readonly RefusalClass[] = ['capacity', 'price', 'quota', 'network'];

/** Each fleet remembers its own. */
export const placeKey = (fleet: FleetName, pool: Pool): string => `${fleet} ${poolKey(pool)}`;

const lessonOf = ({ fleet, pools }: LaunchRequest, { machines, refusals }: Answered): Lesson => ({
  given: machines.map(({ pool }) => placeKey(fleet, pool)),
  refused: refusals
    .filter((refusal) => OF_THE_POOL.includes(refusal.class))
    .flatMap(({ pool }) =>
      pool === undefined ? pools.map((asked) => placeKey(fleet, asked.pool)) : [placeKey(fleet, pool)],
    ),
});

/** What the fleet knows of pools that refused: what a caller heard counts once it closes its intent with it. */
export const knownRefusals = (now: () => EpochMs) => {
  const byPool = new Map<string, EpochMs>();
  const heard = new WeakMap<Caller, Map<string, Lesson>>();
  return {
    byPool,
    answered: (by: Caller, request: LaunchRequest, answer: Answered): void => {
      const lessons = heard.get(by) ?? new Map<string, Lesson>();
      heard.set(by, lessons.set(request.token, lessonOf(request, answer)));
    },
    closed: (by: Caller, intentId: IntentId): void => {
      const lesson = heard.get(by)?.get(intentId);
      for (const key of lesson?.given ?? []) byPool.delete(key);
      for (const key of lesson?.refused ?? []) byPool.set(key, now());
    },
  };
};
