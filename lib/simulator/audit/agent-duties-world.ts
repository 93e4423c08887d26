import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { DeadLetters, WakeQueue, WorkQueue } from '../../ports/queues.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import type { Said } from '../life/workload.ts';
import type { RunOutcome } from './agent-outcomes.ts';
import type { Run } from './concurrent-runs.ts';
import type { Judge } from './promises.ts';

/** What one process of an agent is seen to do, and by what it is judged. */
export interface AgentDutiesWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  /** Of its fleet. */
  readonly drain: DrainPolicy;
  /** Tasks that one machine may run at once. */
  readonly slots: number;
  /** Receipts after which the queue moves a message away; absent where it never does. */
  readonly receivesMax: number | undefined;
  /** A message of a task that runs is hidden for so long, again and again. */
  readonly visibilitySeconds: number;
  /** The machine may stand still at any time, and nobody notices at once. */
  readonly mayStandStill: boolean;
  /** When it last went on after standing still. */
  readonly wentOnAt: () => EpochMs | undefined;
  /** `<machine>/<task>/<attempt>` of every hold that was granted. */
  readonly granted: ReadonlySet<string>;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
  /** When its metadata says that it ends. */
  readonly endTold: () => EpochMs | undefined;
  /** What the metadata service tells at present, of what a machine has to write down. */
  readonly metadata: () => readonly SignalKind[];
  /** An operator has asked for another try of it. */
  readonly isReopened: (id: TaskId) => boolean;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
  /** What runs in this process. */
  readonly running: () => readonly Run[];
  /** After so many steps the newest checkpoint of a task was written. */
  readonly stepsKept: (id: TaskId) => number;
  /** How often this process was asked to stop. */
  readonly stopsAsked: () => number;
}

export interface AgentDuties {
  readonly instances: InstanceStore;
  readonly tasks: TaskLedger;
  readonly queue: WorkQueue;
  readonly deadLetters: DeadLetters;
  readonly wakes: WakeQueue;
  /** Calls that have failed so far. */
  failures(): number;
  /** Tasks whose messages it has received, and not yet dealt with. */
  left(): readonly TaskId[];
  /** An object could not be stored. */
  storeFailed(): void;
  /** A run of this attempt begins. */
  started(id: TaskId, attempt: number): void;
  /** A checkpoint was accepted after so long. */
  saved(ms: number): void;
  /** A run is asked to stop, before its code has come to its end. */
  asked(id: TaskId, attempt: number, said: Said): void;
  /** Its code has come to its end by itself. */
  ended(id: TaskId, attempt: number, outcome: RunOutcome): void;
}
