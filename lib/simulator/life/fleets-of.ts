import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName } from '../../fleet/ids.ts';
import type { WorkQueue } from '../../ports/queues.ts';

/** A life has one fleet, or two on the same tables and in the same account, each with a queue of its own. */
export interface FleetsOf<Value> {
  readonly settings: Value;
  readonly other?: Value | undefined;
}

export const allFleets = ({ settings, other }: FleetsOf<FleetSettings>): readonly FleetSettings[] =>
  other === undefined ? [settings] : [settings, other];

/** The fleet file as it is at present, for whoever asks about one of its fleets. */
export const fleetOf = ({ settings, other }: FleetsOf<FleetSettings>, fleet: FleetName): FleetSettings =>
  other?.fleet === fleet ? other : settings;

export interface QueuesOf<Queue> {
  readonly queue: Queue;
  readonly otherQueue?: Queue | undefined;
}

/** The queue of a fleet: nobody is handed the other's. */
export const queueOf = <Queue extends WorkQueue>(
  { queue, otherQueue }: QueuesOf<Queue>,
  { other }: FleetsOf<FleetSettings>,
  fleet: FleetName,
): Queue => (otherQueue !== undefined && other?.fleet === fleet ? otherQueue : queue);
