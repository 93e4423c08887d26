import { chunksOf, type SeedRange } from '../../lib/simulator/campaign/seed-range.ts';
import type { CheckOrder, WorkerSetup } from '../../lib/simulator/campaign/worker-messages.ts';
import type { CoreFinding } from '../../lib/simulator/exhaustive/check-cores.ts';
import type { LifeResult } from '../../lib/simulator/life/play-life.ts';
import { startThread, THREADS } from './threads.ts';

export interface Played {
  onPlayed(result: LifeResult): void;
  onFound(findings: readonly CoreFinding[]): void;
}

/** Searches and plays seeds on every core; results come as they are ready, in any order. */
export const playSeeds = async (
  seeds: readonly SeedRange[],
  checks: readonly CheckOrder['check'][],
  setup: WorkerSetup,
  { onPlayed, onFound }: Played,
): Promise<void> => {
  const chunks = [...chunksOf(seeds)];
  const checksLeft = checks.values();
  const left = chunks.values();
  const playChunks = async (): Promise<void> => {
    const thread = await startThread(setup);
    for (const check of checksLeft) onFound(await thread.check({ check }));
    for (const chunk of left) await thread.play({ ...chunk, stopsAtFailure: false }, onPlayed);
    await thread.close();
  };
  const threads = Math.min(THREADS, chunks.length);
  await Promise.all(Array.from({ length: threads }, playChunks));
};
