import type { FleetName } from './ids.ts';
import type { DrainPolicy } from './instance.ts';

/** `observe`: record, plan, report, change nothing. `attach`: drain and requeue, launch and end nothing. `manage`: all. */
export type FleetMode = 'observe' | 'attach' | 'manage';

/**
 * What a deployment with a new agent, task or image means for machines that run already. `on-replacement`: nothing; each
 * goes when it would have gone anyway. `rolling`: they are replaced a few at a time, and finish what they hold.
 */
export type UpgradePolicy = 'on-replacement' | 'rolling';

/** What a fleet may buy, from its fleet file. */
export interface CapacityPolicy {
  readonly machinesMin: number;
  readonly machinesMax: number;
  /** Tasks waiting or running for each machine. */
  readonly targetBacklog: number;
  readonly onDemandBase: number;
  readonly onDemandFallback: boolean;
  readonly onDemandMax: number;
  /** Instance type × zone, in the user's order of preference. */
  readonly places: readonly { readonly instanceType: string; readonly zone: string; readonly subnetId: string }[];
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
  readonly tags: Readonly<Record<string, string>>;
}
