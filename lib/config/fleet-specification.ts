import type { SpotStrategy, UpgradePolicy } from '../fleet/fleet-settings.ts';
import type { FleetName } from '../fleet/ids.ts';
import type { DrainPolicy } from '../fleet/instance.ts';
import type { Architecture } from './instance-type.ts';

/**
 * One fleet as the user wants it, checked, with every default filled in. Made by `readFleetFile` and `parseFleets` only,
 * so whoever holds one need not check it again.
 */
export interface FleetSpecification {
  readonly name: FleetName;
  readonly mode: FleetMode;
  readonly tier: FleetTier;
  /** Each task is due so long after it was submitted; absent where on demand need not wait. */
  readonly windowHours?: number;
  /** The Region of its zones; one for all fleets of a file. */
  readonly region: string;
  readonly queue: QueueSpecification;
  readonly attach: AttachSpecification;
  readonly instanceTypes: readonly string[];
  readonly architecture: Architecture;
  /** SSM parameter that holds the image's id. */
  readonly image: string;
  readonly zones: readonly string[];
  readonly network: NetworkSpecification;
  readonly capacity: CapacitySpecification;
  readonly spot: SpotSpecification;
  readonly onDemand: OnDemandSpecification;
  readonly drain: DrainPolicy;
  readonly worker: WorkerSpecification;
  readonly upgrade: UpgradePolicy;
  readonly report: ReportSpecification;
  /** The user's own tags, put on every machine beside Spothop's. */
  readonly tags: Readonly<Record<string, string>>;
}

/** `observe` changes nothing, `attach` launches and ends nothing, `manage` does all. */
export type FleetMode = 'observe' | 'attach' | 'manage';

/** `bulk` may wait for spot; `realtime` keeps an on-demand base and never waits. */
export type FleetTier = 'bulk' | 'realtime';

/** Groups of the user's own that draining machines leave; nothing else of the user's is ever changed. */
export interface AttachSpecification {
  /** Spot machines that EC2 takes are detached from it. */
  readonly autoScalingGroup?: string;
  /** The group's hook that waits for a machine to be through before it is ended. */
  readonly lifecycleHook?: string;
  /** ARNs of target groups, of whose targets draining machines are removed. */
  readonly targetGroups: readonly string[];
}

export interface QueueSpecification {
  readonly source: QueueSource;
  readonly taskId: TaskIdSource;
  /** How long a message stays hidden at a time; renewed while its task runs. */
  readonly visibilitySeconds: number;
  /** A task that failed this often by itself is dead. Reclaims do not count. */
  readonly maxFailures: number;
  readonly retryDelaySeconds: number;
}

/** `own`: made and removed with the service. `given`: the user's, read and written but never configured. */
export type QueueSource =
  | { readonly kind: 'own' }
  | { readonly kind: 'given'; readonly url: string; readonly arn: string };

/** Where a message that its producer did not register carries its task's id. */
export type TaskIdSource =
  | { readonly kind: 'message-id' }
  /** Keys into the JSON body, outermost first; a list's positions are keys too. */
  | { readonly kind: 'body-path'; readonly keys: readonly string[] }
  | { readonly kind: 'attribute'; readonly name: string };

export interface NetworkSpecification {
  /** Zone to subnet, one for each zone; empty for a fleet that launches nothing and named none. */
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
}

export interface CapacitySpecification {
  readonly min: number;
  readonly max: number;
  /** Tasks waiting or running for each machine. */
  readonly targetBacklog: number;
}

export interface SpotSpecification {
  /** A pool whose price is above this share of its on-demand price is not asked. */
  readonly maxPercentOfOnDemand: number;
  readonly strategy: SpotStrategy;
}

export interface OnDemandSpecification {
  /** On-demand machines that run always. */
  readonly base: number;
  /** Whether on-demand machines may stand in when no pool has spot. */
  readonly fallback: boolean;
  /** On-demand machines at most, base and fallback together. */
  readonly max: number;
  /** How long spot is waited for before on-demand machines stand in; 0 to 86,400. */
  readonly afterSeconds: number;
}

export interface WorkerSpecification {
  readonly program: WorkerProgram;
  /** Tasks that one machine runs at once, 1 to 100; 1 for a supervised program, which decides that itself. */
  readonly concurrency: number;
  /** Shell lines run once, at first boot, as root, in the folder where the worker runs later. */
  readonly setup?: string;
  /** A machine is replaced at this age. */
  readonly maximumAgeHours: number;
}

/**
 * `command` is any program (input on stdin), run once for each task. `task` is a module, its path relative to the fleet
 * file; it is bundled at deployment. `supervise` is another system's own worker, which the agent keeps running and ends in
 * time: no task of ours runs there.
 */
export type WorkerProgram =
  | { readonly kind: 'supervise'; readonly command: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'task'; readonly path: string };

export interface ReportSpecification {
  /** Nobody: the report is stored and not mailed. */
  readonly recipients: readonly string[];
  /** The sender, verified in SES; present whenever there are recipients. */
  readonly from?: string;
  /** As EventBridge Scheduler reads it: `cron(…)` or `rate(…)`. */
  readonly schedule: string;
  /** IANA name. */
  readonly timeZone: string;
  /** ISO 4217 code, and how many of its units one US dollar is; AWS prices are in US dollars. */
  readonly currency: { readonly code: string; readonly perUsd: number };
}
