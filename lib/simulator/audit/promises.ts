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
  say(promise: Promised, found: string): void;
}

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
    say: (promise, found) => {
      if (violations.length >= VIOLATIONS_MAX) return;
      const by = world.by();
      const context = world.contextOf?.(found) ?? [];
      violations.push({ promise, found, atMs: world.now() - world.startedAt, by, context });
      world.trace.note(by, `VIOLATION ${promise}: ${found}`);
      for (const line of context) world.trace.tell(by, () => `  ${line}`);
    },
  };
};
