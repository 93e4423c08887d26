import type { FleetName } from '../fleet/ids.ts';
import { RECONCILE_RETRY_SECONDS } from '../fleet/limits.ts';
import { addMs, secondsToMs } from '../fleet/time.ts';
import { countUnknownForm } from './count-unknown-form.ts';
import { reconcileFleet } from './reconcile-fleet.ts';
import { collectWakes } from './wakes.ts';
import { settingsOf, type World } from './world.ts';

/**
 * Reconciles each fleet once. A failure is not returned to the queue: it is counted, alarmed and tried again by a delayed
 * wake, so that a fleet that cannot be reconciled never piles up messages. A failure after a wake is left to the next
 * minute: were each retry to ask for another, every minute of an outage would add one that never ends.
 */
export const reconcileFleets = async (
  world: World,
  fleets: Iterable<FleetName>,
  startedBy: 'minute' | 'wake' = 'minute',
): Promise<void> => {
  for (const fleet of new Set(fleets)) {
    const settings = settingsOf(world, fleet);
    if (settings === undefined) {
      world.log.warn('A wake names a fleet that is not in the fleet file.', { fleet });
      continue;
    }
    const wakes = collectWakes(world);
    try {
      await reconcileFleet(world, wakes, settings);
    } catch (error) {
      world.metrics.count('ReconcileFailed', 1, { fleet });
      countUnknownForm(world, error);
      world.log.error('A reconcile failed and is tried again.', {
        fleet,
        error: error instanceof Error ? error.stack : String(error),
      });
      if (startedBy === 'minute') wakes.at(fleet, addMs(world.clock.now(), secondsToMs(RECONCILE_RETRY_SECONDS)));
    }
    await wakes.send();
  }
};
