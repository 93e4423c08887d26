import type { FleetName, InstanceId, SessionId } from '../fleet/ids.ts';
import type { DrainPolicy } from '../fleet/instance.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstanceStore } from '../ports/instances.ts';
import type { DeadLetters, WakeQueue, WorkQueue } from '../ports/queues.ts';
import type { NewId } from '../ports/random.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import type { Log } from '../ports/telemetry.ts';
import type { TellAlive } from './alive-file.ts';
import type { Drain } from './drain.ts';
import type { Imds } from './imds.ts';
import type { LeaseWatch } from './lease-watch.ts';
import type { Leases } from './leases.ts';
import type { MachineState } from './machine-state.ts';
import type { Pulse } from './pulse.ts';
import type { ReceivesMax } from './receives-max.ts';
import type { RunTimes } from './run-times.ts';
import type { SupervisedProgram, TaskRunner } from './runner.ts';
import type { RunningTasks } from './running-tasks.ts';
import type { MutableTally } from './tally.ts';
import type { Turns } from './turns.ts';

/** Everything outside the agent's process that it may touch. */
export interface AgentPorts {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly imds: Imds;
  readonly instances: InstanceStore;
  readonly tasks: TaskLedger;
  readonly queue: WorkQueue;
  readonly deadLetters: DeadLetters;
  readonly wakes: WakeQueue;
  readonly blobs: Blobs;
  readonly machineState: MachineState;
  readonly runner: TaskRunner;
  /** Left out where no timer watches over the agent. */
  readonly tellAlive?: TellAlive;
  /** Instead of taking tasks, the agent keeps this program running; its runner is not used then. */
  readonly supervised?: SupervisedProgram;
}

/** How its fleet wants the agent to work. */
export interface AgentSettings {
  readonly fleet: FleetName;
  /** Which agent this is: written on the machine's item (reliability F66). */
  readonly version: string;
  /** Tasks run at once, 1 to 100. */
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly failuresMax: number;
  readonly retryDelaySeconds: number;
  readonly drainPolicy: DrainPolicy;
  /** Between SIGTERM and the machine's end, as its service manager is configured. */
  readonly stopSeconds: number;
  readonly maximumAgeSeconds: number;
  /** Where a producer that knows nothing of us puts a task's id: a path of field names in its JSON body. */
  readonly taskIdPath?: string;
  /** The same, as a message attribute. */
  readonly taskIdAttribute?: string;
}

/** What the parts of one running agent share. */
export interface AgentShared {
  readonly ports: AgentPorts;
  readonly settings: AgentSettings;
  readonly instanceId: InstanceId;
  readonly session: SessionId;
  readonly drain: Drain;
  readonly pulse: Pulse;
  readonly leases: Leases;
  readonly leaseWatch: LeaseWatch;
  readonly receivesMax: ReceivesMax;
  readonly runTimes: RunTimes;
  readonly running: RunningTasks;
  /** Commits wait for each other here, a few at a time. */
  readonly commitTurns: Turns;
  readonly tally: MutableTally;
}
