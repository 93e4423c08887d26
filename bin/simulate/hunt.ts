import type { Promised } from '../../lib/simulator/audit/promises.ts';
import type { Bug } from '../../lib/simulator/bugs/bug.ts';
import type { FilePatch } from '../../lib/simulator/bugs/unified-diff.ts';
import type { SeedRange } from '../../lib/simulator/campaign/seed-range.ts';
import type { WorkerSetup } from '../../lib/simulator/campaign/worker-messages.ts';
import { startThread, THREADS } from './threads.ts';

/** One bug to look for: one of ours, or a diff that somebody else wrote. */
export interface Quarry {
  readonly name: string;
  readonly bug?: Bug;
  readonly patches?: readonly FilePatch[];
}

export interface BugOutcome {
  readonly name: string;
  readonly caught: boolean;
  /** How many seeds were played until a promise was broken; absent when none was. */
  readonly seedsUntilCaught?: number;
  readonly promise?: Promised;
  /** Why it could not be planted. */
  readonly problem?: string;
}

const huntOne = async (range: SeedRange, setup: WorkerSetup, { name, ...planted }: Quarry): Promise<BugOutcome> => {
  let played = 0;
  let promise: Promised | undefined;
  try {
    const thread = await startThread({ ...setup, ...planted });
    try {
      await thread.play({ ...range, stopsAtFailure: true }, ({ violations }) => {
        played += 1;
        promise ??= violations[0]?.promise;
      });
    } finally {
      await thread.close();
    }
  } catch (error) {
    return { name, caught: false, problem: error instanceof Error ? error.message : String(error) };
  }
  return promise === undefined ? { name, caught: false } : { name, caught: true, seedsUntilCaught: played, promise };
};

/** Plays the seeds with each bug in turn until one of them breaks a promise. */
export const hunt = async (
  range: SeedRange,
  setup: WorkerSetup,
  quarries: readonly Quarry[],
  onOutcome: (outcome: BugOutcome) => void,
): Promise<readonly BugOutcome[]> => {
  const outcomes = new Map<string, BugOutcome>();
  const left = quarries.values();
  const huntNext = async (): Promise<void> => {
    for (const quarry of left) {
      const outcome = await huntOne(range, setup, quarry);
      outcomes.set(quarry.name, outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(THREADS, quarries.length) }, huntNext));
  return quarries.map(({ name }) => outcomes.get(name)!);
};
