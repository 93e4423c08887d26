import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { EpochMs } from '../../fleet/time.ts';

export type EndedBy = 'ec2' | 'us' | 'itself';

/** What is really the case with a machine, whatever anybody has recorded. */
export interface MachineTruth {
  readonly instanceId: InstanceId;
  /** 1 for the first that was ever launched. */
  readonly ordinal: number;
  readonly launchedAt: EpochMs;
  /** Whose tag it was launched with. */
  readonly fleet: FleetName;
  endedBy?: EndedBy;
  endedAt?: EpochMs;
  /** EC2 stopped it and did not end it. */
  isStopped?: boolean;
  /** Somebody took our tags from it: EC2 shows it to us no more, and it is called gone once it is silent for long. */
  isUntagged?: boolean;
  /** How often the present process of its agent was asked to stop. */
  stopsAsked: number;
  /** When its agent last had its item, for the dead-man's timer. */
  aliveAt: EpochMs;
  /** When EC2 ends it, as it told long before that; called off or not. */
  announcedEnd?: EpochMs;
  /** It was given its place in the fleet. */
  hadPlace?: boolean;
}

/** What a task is and what really happened to it. */
export interface TaskTruth {
  readonly taskId: TaskId;
  /** The fleet that it was submitted to. */
  readonly fleet: FleetName;
  readonly result: string;
  /** Fails every time. */
  readonly isPoison: boolean;
  /** Its submit succeeded, as its producer saw it. */
  isSubmitted: boolean;
  /** Runs of its own code that threw, or that ended their process. */
  failures: number;
  isCancelAsked: boolean;
  retriesAsked: number;
}

/** The world as it is: what the auditor judges records against. */
export interface Truth {
  readonly machines: ReadonlyMap<InstanceId, MachineTruth>;
  readonly tasks: ReadonlyMap<TaskId, TaskTruth>;
  /** Machines that a group waits to end, and since when. */
  readonly ending: ReadonlyMap<InstanceId, EpochMs>;
  /** Until when each group that somebody else made refused whatever it was asked for; far away while it still does. */
  readonly refusing: ReadonlyMap<string, EpochMs>;
  /** Machines that are none of ours: whatever is done to them is a violation. */
  readonly foreign: ReadonlySet<InstanceId>;
  /** `<machine>/<kind>` of every signal that somebody who may has told. */
  readonly told: ReadonlySet<string>;
  /** How many messages of each task somebody has deleted, or have expired unseen. */
  readonly messagesLost: ReadonlyMap<TaskId, number>;
}
