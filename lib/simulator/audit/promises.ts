import { PROMISES, type Promised } from '../../audit/promises.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Trace } from '../life/trace.ts';

export { PROMISES, type Promised };

export interface Violation {
  readonly promise: Promised;
  readonly found: string;
  /** Since the beginning of the seed's life. */
  readonly atMs: number;
  readonly by: string;
  /** Rows and items that it speaks of, as they stood then. */
  readonly context?: readonly string[];
}

export interface Judge {
  readonly violations: readonly Violation[];
  /** `by` is whose doing it is; absent where it is that of whoever makes the present call. */
  say(promise: Promised, found: string, by?: string): void;
}

/** For what is noticed later than at the call that does it, or by looking now and then. */
export const saidOf = (judge: Judge, by: string): Judge => ({
  violations: judge.violations,
  say: (promise, found) => judge.say(promise, found, by),
});

/** Enough to see what went wrong; a broken promise is often broken every minute from then on. */
const VIOLATIONS_MAX = 50;

export const createJudge = (world: {
  readonly startedAt: EpochMs;
  readonly now: () => EpochMs;
  readonly by: () => string;
  readonly trace: Pick<Trace, 'note' | 'tell'>;
  /** Whatever helps to understand what was found. */
  readonly contextOf?: (found: string) => readonly string[];
}): Judge => {
  const violations: Violation[] = [];
  return {
    violations,
    say: (promise, found, by = world.by()) => {
      if (violations.length >= VIOLATIONS_MAX) return;
      const context = world.contextOf?.(found) ?? [];
      violations.push({ promise, found, atMs: world.now() - world.startedAt, by, context });
      world.trace.note(by, `VIOLATION ${promise}: ${found}`);
      for (const line of context) world.trace.tell(by, () => `  ${line}`);
    },
  };
};
