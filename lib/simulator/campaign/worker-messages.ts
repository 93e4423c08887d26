import type { Planted } from '../bugs/changes.ts';
import type { CoreFinding } from '../exhaustive/check-cores.ts';
import type { FaultId } from '../faults/simulated.ts';
import type { PlanOptions } from '../life/plan.ts';
import type { LifeResult } from '../life/play-life.ts';
import type { SeedRange } from './seed-range.ts';

/** What a thread is told once, when it starts. */
export interface WorkerSetup extends Planted {
  readonly plan: PlanOptions;
  readonly fault?: FaultId;
  readonly linesMax: number;
}

/** Seeds to play, one after the other. */
export interface WorkerOrder extends SeedRange {
  readonly stopsAtFailure: boolean;
  readonly onlyTasks?: readonly number[];
}

/** One of the exhaustive searches, on the product as it is loaded here. */
export interface CheckOrder {
  readonly check: 'tables' | 'interleavings';
}

export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'checked'; readonly findings: readonly CoreFinding[] }
  | { readonly kind: 'played'; readonly result: LifeResult };
