import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { FleetName } from '../fleet/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetStore } from '../ports/fleets.ts';
import type { InstanceStore } from '../ports/instances.ts';
import type { MachineGroups } from '../ports/machine-groups.ts';
import type { Machines } from '../ports/machines.ts';
import type { MoneyLedger } from '../ports/money.ts';
import type { WakeQueue, WorkQueue } from '../ports/queues.ts';
import type { NewId } from '../ports/random.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';

/** Everything a workflow may touch. Built once, in `lib/wiring.ts`, or in memory by the tests and the simulator. */
export interface World {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly instances: InstanceStore;
  readonly tasks: TaskLedger;
  readonly fleets: FleetStore;
  readonly machines: Machines;
  readonly groups: MachineGroups;
  readonly money: Pick<MoneyLedger, 'putRun' | 'putPlan'>;
  readonly wakes: WakeQueue;
  readonly workQueue: (fleet: FleetName) => WorkQueue;
  readonly settings: ReadonlyMap<FleetName, FleetSettings>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A record may outlive its fleet's entry in the fleet file; such a machine is drained and released like any other. */
export const settingsOf = (world: Pick<World, 'settings'>, fleet: FleetName): FleetSettings | undefined =>
  world.settings.get(fleet);
