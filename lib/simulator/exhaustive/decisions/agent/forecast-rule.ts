/** What a task is known by when it is asked how long it will still take. */
export interface KnownOfTask {
  readonly ranMs: number;
  /** By its own word. */
  readonly toldLeftMs?: number;
  /** Of the tasks of its queue: half end within the one, nine of ten within the other. */
  readonly queue?: { readonly halfMs: number; readonly nineTenthsMs: number };
}

/** How long a task will still take, by the rule. */
export interface RuleForecast {
  readonly by: 'told' | 'learned' | 'unknown';
  readonly medianMs: number;
  chanceWithin(ms: number): number;
}

/** Nine of ten lie below half × 9^(1/steepness). */
const steepnessOf = (spread: number): number => Math.log(9) / Math.log(spread);

const never = (ms: number, chance: () => number): number => (ms <= 0 ? 0 : chance());

const byAge = (ranMs: number): RuleForecast => ({
  by: 'unknown',
  medianMs: ranMs,
  chanceWithin: (ms) => never(ms, () => 1 - ranMs / (ranMs + ms)),
});

/** Right within one and a half times, nine times of ten. */
const byItsWord = (leftMs: number): RuleForecast => ({
  by: 'told',
  medianMs: leftMs,
  chanceWithin: (ms) =>
    never(ms, () => {
      const odds = (ms / leftMs) ** steepnessOf(1.5);
      return odds / (1 + odds);
    }),
});

/** Nothing is so alike that nine of ten lie nearer than a tenth above the half. */
const byItsQueue = (ranMs: number, { halfMs, nineTenthsMs }: NonNullable<KnownOfTask['queue']>): RuleForecast => {
  const half = Math.max(1, halfMs);
  const steepness = steepnessOf(Math.max(1.1, nineTenthsMs / half));
  const survivors = (ms: number): number => 1 / (1 + (ms / half) ** steepness);
  const halfOfTheSurvivors = half * (2 / survivors(ranMs) - 1) ** (1 / steepness);
  return {
    by: 'learned',
    medianMs: halfOfTheSurvivors - ranMs,
    chanceWithin: (ms) => never(ms, () => 1 - survivors(ranMs + ms) / survivors(ranMs)),
  };
};

/**
 * By the task's own word, else by its queue, else by its age. Who has outrun its word, or nine of ten of its queue, is
 * known by nothing but its age.
 */
export const forecastByRule = ({ ranMs, toldLeftMs, queue }: KnownOfTask): RuleForecast => {
  if (toldLeftMs !== undefined && toldLeftMs > 0) return byItsWord(toldLeftMs);
  const isByQueue = toldLeftMs === undefined && queue !== undefined && ranMs < queue.nineTenthsMs;
  return isByQueue ? byItsQueue(ranMs, queue) : byAge(ranMs);
};
