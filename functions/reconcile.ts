import type { SQSEvent } from 'aws-lambda';
import type { FleetName } from '../lib/fleet/ids.ts';
import { parseWake } from '../lib/fleet/message.ts';
import { lambdaEntry } from '../lib/telemetry/lambda-entry.ts';
import { reconcileWorld } from '../lib/wiring.ts';
import { reconcileFleets } from '../lib/workflows/reconcile-fleets.ts';
import { sweep } from '../lib/workflows/sweep.ts';
import type { World } from '../lib/workflows/world.ts';

/** The minute schedule's input, as `serverless.yml` writes it. */
interface ScheduleEvent {
  readonly schedule: 'minute';
}

const wokenFleets = (event: SQSEvent): FleetName[] =>
  event.Records.flatMap((record) => {
    const fleet = parseWake(record.body);
    return fleet === undefined ? [] : [fleet];
  });

/**
 * Wakes and the minute schedule do the same, the schedule for every fleet and with the sweep before. Nothing is ever
 * returned to the queue: a failed reconcile has already asked for its next try.
 */
export const reconcileHandler =
  (world: World) =>
  async (event: SQSEvent | ScheduleEvent): Promise<void> => {
    if ('Records' in event) return reconcileFleets(world, wokenFleets(event), 'wake');
    const [swept] = await Promise.allSettled([sweep(world)]);
    await reconcileFleets(world, world.settings.keys());
    // Thrown only now, so that a sweep that fails does not keep the fleets from being reconciled.
    if (swept.status === 'rejected') throw swept.reason;
  };

export const handler = lambdaEntry('reconcile', (telemetry) =>
  reconcileHandler(reconcileWorld(process.env, telemetry)),
);
