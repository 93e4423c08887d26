import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';
import type { CallSite } from './call-recorder.ts';
import type { Crew, HostedMachine } from './machine-host.ts';
import type { Market } from './market.ts';
import type { StepWork } from './step-worker.ts';

/** What a scenario may do to its world: what EC2, EventBridge, producers and bad luck do to ours. */
export interface Hands {
  readonly clock: Clock;
  readonly memory: MemoryWorld;
  readonly settings: FleetSettings;
  /** Resolves once the machine with this ordinal has been launched. */
  machine(ordinal: number): Promise<HostedMachine>;
  /** Resolves once the machine holds so many tasks. */
  holds(machine: HostedMachine, count: number): Promise<void>;
  /** Puts a body on the signals queue. */
  signal(body: string): void;
  announce(machine: HostedMachine, deadline: EpochMs): void;
  reclaim(machine: HostedMachine): void;
  freeze(machine: HostedMachine): void;
  /** The agent's process is killed, and started again by its service manager. */
  kill(machine: HostedMachine): void;
  stallAt(machine: HostedMachine, step: TaskStep['step'], seconds: number): void;
  addForeign(instanceId: InstanceId): void;
  /** Looks at EC2 for machines that somebody else has started or ended. */
  refresh(): void;
  /** Resolves once it holds; looked at every second. */
  until(holds: () => boolean): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly tells: string;
  readonly settings: FleetSettings;
  readonly tasks: readonly StepWork[];
  /** Whether the state changes of machines reach the signals queue. */
  readonly tellsStateChanges: boolean;
  readonly crewOf: (ordinal: number) => Crew;
  /** Tasks that one machine runs at once; 1 when left out. */
  readonly slots?: number;
  /** Before anything runs: what is in the world already. Answers ids of tasks beyond those of `tasks`, with their work. */
  readonly prepare?: (hands: Hands) => Promise<ReadonlyMap<TaskId, StepWork>>;
  /** Submitted tasks whose message is lost on the way. */
  readonly messagesLost?: readonly string[];
  /** What its pools cost; left out where nobody reads prices. */
  readonly market?: Market;
  readonly script: (hands: Hands) => Promise<void>;
  /** What must hold in the end beyond what holds for every scenario. */
  readonly violations?: (hands: Hands) => readonly string[];
  /** Whose calls are explored, and until when. */
  readonly explores: (by: CallSite['by'], sinceStartMs: number) => boolean;
}
