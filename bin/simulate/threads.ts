import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type {
  CheckOrder,
  WorkerOrder,
  WorkerReport,
  WorkerSetup,
} from '../../lib/simulator/campaign/worker-messages.ts';
import type { CoreFinding } from '../../lib/simulator/exhaustive/check-cores.ts';
import type { LifeResult } from '../../lib/simulator/life/play-life.ts';

export const THREADS = Math.max(1, availableParallelism());

/** Short-lived objects are most of what a simulation makes: room for them saves half of the collector's work. */
const YOUNG_GENERATION_MB = 192;

/** One thread that plays seeds, with one setup for all its life. */
export interface Thread {
  /** Plays the order to its end. @throws what the thread could not be started for */
  play(order: WorkerOrder, onPlayed: (result: LifeResult) => void): Promise<void>;
  /** What one of the exhaustive searches found. */
  check(order: CheckOrder): Promise<readonly CoreFinding[]>;
  close(): Promise<void>;
}

export const startThread = async (setup: WorkerSetup): Promise<Thread> => {
  const worker = new Worker(new URL('../simulate-worker.ts', import.meta.url), {
    workerData: setup,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  let onPlayed: (result: LifeResult) => void = () => {};
  let findings: readonly CoreFinding[] = [];
  let waiting = Promise.withResolvers<void>();
  worker.on('message', (report: WorkerReport) => {
    if (report.kind === 'played') return onPlayed(report.result);
    if (report.kind === 'checked') findings = report.findings;
    waiting.resolve();
  });
  worker.on('error', (error) => waiting.reject(error));
  try {
    await waiting.promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    play: async (order, listener) => {
      onPlayed = listener;
      waiting = Promise.withResolvers<void>();
      worker.postMessage(order);
      await waiting.promise;
    },
    check: async (order) => {
      waiting = Promise.withResolvers<void>();
      worker.postMessage(order);
      await waiting.promise;
      return findings;
    },
    close: async () => {
      await worker.terminate();
    },
  };
};
