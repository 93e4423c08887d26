import type { FleetName } from './ids.ts';
import type { DrainPolicy } from './instance.ts';

/** `observe`: record, plan, report, change nothing. `attach`: drain and requeue, launch and end nothing. `manage`: all. */
export type FleetMode = 'observe' | 'attach' | 'manage';

/**
 * What a deployment with a new agent, task or image means for machines that run already. `on-replacement`: nothing; each
 * goes when it would have gone anyway. `rolling`: they are replaced a few at a time, and finish what they hold.
 */
export type UpgradePolicy = 'on-replacement' | 'rolling';

/**
 * How a fleet's spot machines are shared out among its pools. `capacity`: where EC2 has most, among pools that cost about
 * the same for a useful hour. `balanced`: so that its zones differ by one machine at most. `cheapest`: only in the pools
 * whose useful hour costs least.
 */
export type SpotStrategy = 'capacity' | 'balanced' | 'cheapest';

/** Each task of the fleet is due so long after it was submitted. */
export interface FleetWindow {
  readonly windowSeconds: number;
  /** Tasks that one machine runs at once. */
  readonly slots: number;
}

/** What a fleet may buy, from its fleet file. */
export interface CapacityPolicy {
  readonly machinesMin: number;
  readonly machinesMax: number;
  /** Tasks waiting or running for each machine. */
  readonly targetBacklog: number;
  /** A pool whose price is above this share of its on-demand price is not asked. */
  readonly spotPercentMax: number;
  readonly spotStrategy: SpotStrategy;
  readonly onDemandBase: number;
  readonly onDemandFallback: boolean;
  readonly onDemandMax: number;
  /** How long spot is waited for before on demand stands in; not at all where it is absent. */
  readonly onDemandAfterSeconds?: number;
  /** Absent where tasks are due at no time: on demand then stands in as soon as no spot pool is left. */
  readonly window?: FleetWindow;
  /** Instance type × zone, in the user's order of preference. */
  readonly places: readonly { readonly instanceType: string; readonly zone: string; readonly subnetId: string }[];
}

/** Groups of the user's own that a machine is taken out of when it drains; only what the fleet file names is touched. */
export interface GroupSettings {
  readonly autoScalingGroup?: string;
  /** The hook of that group which waits for us before a machine is ended. */
  readonly lifecycleHook?: string;
  /** ARNs of target groups of load balancers. */
  readonly targetGroups: readonly string[];
  /** A supervised program holds no task of ours: only its agent's silence tells that it is through. */
  readonly isSupervised: boolean;
}

/** A fleet file's fleet together with what the deployment made for it. */
export interface FleetSettings {
  readonly fleet: FleetName;
  readonly mode: FleetMode;
  readonly drain: DrainPolicy;
  readonly capacity: CapacityPolicy;
  readonly maximumAgeSeconds: number;
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  readonly upgrade: UpgradePolicy;
  /** Absent where the fleet file names no group. */
  readonly groups?: GroupSettings;
  readonly tags: Readonly<Record<string, string>>;
}
