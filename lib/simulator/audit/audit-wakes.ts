import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName } from '../../fleet/ids.ts';
import type { WakeQueue } from '../../ports/queues.ts';
import type { Caller } from '../life/caller.ts';
import type { Truth } from '../life/truth.ts';
import type { Judge } from './promises.ts';

export interface WakeAuditWorld {
  readonly judge: Judge;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly fleets: readonly FleetSettings[];
}

/** A wake names a fleet that there is, and an agent's its own: a wake of another's would be a call for nothing. */
export const auditWakes = (
  { judge, truth, acting, fleets }: WakeAuditWorld,
  ask: (fleet: FleetName, delaySeconds: number) => void,
): WakeQueue => ({
  wake: async (fleet, delaySeconds = 0) => {
    const machine = acting.by?.machine === undefined ? undefined : truth.machines.get(acting.by.machine);
    if (!fleets.some((one) => one.fleet === fleet)) judge.say('O1', `${fleet} was woken, and there is no such fleet`);
    if (machine !== undefined && machine.fleet !== fleet) judge.say('S1', `${acting.by?.name} woke ${fleet}`);
    ask(fleet, delaySeconds);
  },
});
