import { chunksOf, type SeedRange } from '../../lib/simulator/campaign/seed-range.ts';
import type { WorkerSetup } from '../../lib/simulator/campaign/worker-messages.ts';
import type { LifeResult } from '../../lib/simulator/life/play-life.ts';
import { startThread, THREADS } from './threads.ts';

/** Plays seeds on every core; results come as they are ready, in any order. */
export const playSeeds = async (
  seeds: readonly SeedRange[],
  setup: WorkerSetup,
  onPlayed: (result: LifeResult) => void,
): Promise<void> => {
  const chunks = [...chunksOf(seeds)];
  const left = chunks.values();
  const playChunks = async (): Promise<void> => {
    const thread = await startThread(setup);
    for (const chunk of left) await thread.play({ ...chunk, stopsAtFailure: false }, onPlayed);
    await thread.close();
  };
  const threads = Math.min(THREADS, chunks.length);
  await Promise.all(Array.from({ length: threads }, playChunks));
};
