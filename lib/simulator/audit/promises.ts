import { PROMISES, type Promised } from '../../audit/promises.ts';
import type { EpochMs } from '../../fleet/time.ts';

export { PROMISES, type Promised };

export interface Violation {
  readonly promise: Promised;
  readonly found: string;
  /** Since the beginning of the seed's life. */
  readonly atMs: number;
  readonly by: string;
}

export interface Judge {
  readonly violations: readonly Violation[];
  say(promise: Promised, found: string): void;
}

/** Enough to see what went wrong; a broken promise is often broken every minute from then on. */
const VIOLATIONS_MAX = 50;

export const createJudge = (world: {
  readonly startedAt: EpochMs;
  readonly now: () => EpochMs;
  readonly by: () => string;
  readonly note: (by: string, what: string) => void;
}): Judge => {
  const violations: Violation[] = [];
  return {
    violations,
    say: (promise, found) => {
      if (violations.length >= VIOLATIONS_MAX) return;
      const violation = { promise, found, atMs: world.now() - world.startedAt, by: world.by() };
      violations.push(violation);
      world.note(violation.by, `VIOLATION ${promise}: ${found}`);
    },
  };
};
