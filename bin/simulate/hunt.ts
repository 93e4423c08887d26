import { wallClock } from '../../lib/clock/wall-clock.ts';
import type { Promised } from '../../lib/simulator/audit/promises.ts';
import { type Change, changesOf, type Planted } from '../../lib/simulator/bugs/changes.ts';
import { isPlayed, suitesOf } from '../../lib/simulator/bugs/suites.ts';
import type { SeedRange } from '../../lib/simulator/campaign/seed-range.ts';
import type { CheckOrder, WorkerSetup } from '../../lib/simulator/campaign/worker-messages.ts';
import { firstFailingTest } from './suites.ts';
import { startThread, THREADS, type Thread } from './threads.ts';

/** One bug to look for: one of ours, or a diff that somebody else wrote. */
export interface Quarry extends Planted {
  readonly name: string;
  /** Why it cannot be looked for. */
  readonly problem?: string;
}

export interface BugOutcome {
  readonly name: string;
  readonly caught: boolean;
  /** How many seeds were played until a promise was broken; absent when none was. */
  readonly seedsUntilCaught?: number;
  readonly promise?: Promised;
  /** What was found by whatever caught it. */
  readonly found?: string;
  /** A seed, one of the exhaustive searches, or tests of what no simulation plays, which need none. */
  readonly by?: 'seed' | 'tests' | CheckOrder['check'];
  /** Why it could not be planted. */
  readonly problem?: string;
}

/** A seed takes a second; one that takes so long goes round in a circle, which is a broken promise too. */
const SEED_SECONDS_MAX = 240;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Resolves when nothing has been heard for so long. */
const createPatience = () => {
  const { now, sleep } = wallClock();
  let heardAt = now();
  const over = new AbortController();
  const wait = async (): Promise<'silent'> => {
    const limitMs = SEED_SECONDS_MAX * 1_000;
    while (!over.signal.aborted && now() - heardAt < limitMs) await sleep(limitMs - (now() - heardAt), over.signal);
    return 'silent';
  };
  return {
    hear: (): void => {
      heardAt = now();
    },
    ranOut: wait(),
    end: (): void => over.abort(),
  };
};

type Catch = Pick<BugOutcome, 'promise' | 'found' | 'seedsUntilCaught' | 'by'>;

/** Plays the seeds until one of them breaks a promise. */
const playUntilCaught = async (range: SeedRange, thread: Thread, hear: () => void): Promise<Catch | undefined> => {
  let played = 0;
  let caught: Catch | undefined;
  await thread.play({ ...range, stopsAtFailure: true }, ({ violations: [first] }) => {
    played += 1;
    hear();
    if (first === undefined) return;
    caught ??= { by: 'seed', promise: first.promise, found: first.found, seedsUntilCaught: played };
  });
  return caught;
};

const searchUntilCaught = async (
  check: CheckOrder['check'],
  seedsUntilCaught: number,
  thread: Thread,
): Promise<Catch | undefined> => {
  const [first] = await thread.check({ check });
  return first && { by: check, promise: first.promise, found: first.found, seedsUntilCaught };
};

/**
 * The tables first, which take a moment, then the seeds, and the orders of calls in small worlds for whatever is left. A
 * promise that is broken, a simulation that breaks down, or one that comes to no end: each of them shows the bug.
 */
const huntWith = async (range: SeedRange, thread: Thread): Promise<Catch | undefined> => {
  const patience = createPatience();
  const brokeDown = (found: string): Catch => ({ by: 'seed', promise: 'rest', found, seedsUntilCaught: 1 });
  const seeds = range.to - range.from + 1;
  const look = async (): Promise<Catch | undefined> => {
    const byTables = await searchUntilCaught('tables', 0, thread);
    patience.hear();
    const caught = byTables ?? (await playUntilCaught(range, thread, patience.hear));
    patience.hear();
    return caught ?? (await searchUntilCaught('interleavings', seeds, thread));
  };
  try {
    const ended = await Promise.race([look(), patience.ranOut]);
    return ended === 'silent' ? brokeDown(`no end within ${SEED_SECONDS_MAX} s`) : ended;
  } catch (error) {
    return brokeDown(`the simulation broke down: ${reasonOf(error)}`);
  } finally {
    patience.end();
    await thread.close();
  }
};

const huntByTests = async (changes: readonly Change[]): Promise<Catch | undefined> => {
  const folders = suitesOf(changes.map(({ file }) => file));
  const found = folders.length === 0 ? undefined : await firstFailingTest(changes, folders);
  return found === undefined ? undefined : { by: 'tests', found, seedsUntilCaught: 0 };
};

/** What is played is played; for what a simulation has models of its own for, the tests that hold the two alike decide. */
const huntOne = async (range: SeedRange, setup: WorkerSetup, quarry: Quarry): Promise<BugOutcome> => {
  const { name, problem, ...planted } = quarry;
  if (problem !== undefined) return { name, caught: false, problem };
  const changes = changesOf(planted);
  const huntBySeeds = async () => huntWith(range, await startThread({ ...setup, ...planted }));
  try {
    const isAnyPlayed = changes.some(({ file }) => isPlayed(file));
    const caught = (isAnyPlayed ? await huntBySeeds() : undefined) ?? (await huntByTests(changes));
    return { name, caught: caught !== undefined, ...caught };
  } catch (error) {
    return { name, caught: false, problem: reasonOf(error) };
  }
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
