import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FirstFault, PairsExploration } from '../../lib/simulator/crash-points/explore-pairs.ts';
import type { PairsOrder, PairsReport } from './pairs-worker.ts';

/** Part of the list of first faults, from one place to the one before another. */
export interface Shard {
  readonly from: number;
  readonly to: number;
}

export interface PlayedPairs extends PairsExploration {
  /** Faults that each stood first. */
  readonly first: number;
}

const ask = (worker: Worker, order: PairsOrder): Promise<PairsReport> =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage(order);
  });

/** Plays every pair of the shard, on every core. `onPlayed` hears how far everything is that comes before. */
export const playPairs = async (
  faults: readonly FirstFault[],
  { from, to }: Shard,
  onPlayed: (next: number, played: PlayedPairs) => void,
): Promise<PlayedPairs> => {
  const left = faults.slice(from, to).entries();
  const finished = new Set<number>();
  let next = from;
  let played: PlayedPairs = { first: 0, pairs: 0, runs: 0, violations: [] };
  const add = ({ index, pairs, runs, violations }: PairsReport): void => {
    finished.add(index);
    while (finished.has(next)) next += 1;
    played = {
      first: played.first + 1,
      pairs: played.pairs + pairs,
      runs: played.runs + runs,
      violations: [...played.violations, ...violations],
    };
    onPlayed(next, played);
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./pairs-worker.ts', import.meta.url));
    try {
      for (const [place, { scenario, fault }] of left) {
        add(await ask(worker, { index: from + place, scenario: scenario.name, fault }));
        worker.removeAllListeners('error');
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), to - from) }, work));
  return played;
};
