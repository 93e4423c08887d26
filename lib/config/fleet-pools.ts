import type { SpotStrategy } from '../fleet/fleet-settings.ts';

/** What somebody at a desk needs to know of a deployed fleet's pools; among the stack's outputs, one object a fleet. */
export interface FleetPools {
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly spotPercentMax: number;
  readonly spotStrategy: SpotStrategy;
}
