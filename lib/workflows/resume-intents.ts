import type { FleetState, Intent } from '../fleet/fleet.ts';
import { INTENT_RETRY_SECONDS_MAX } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import { launchIntent } from './launch-intent.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

/**
 * An intent found open was asked by somebody who did not get to the end, or is being asked this very moment. Within ten
 * minutes repeating it is safe either way: the same token gives the same machines (reliability B17).
 */
const isRepeatable = (world: World, intent: Intent): boolean =>
  world.clock.now() - intent.openedAt < secondsToMs(INTENT_RETRY_SECONDS_MAX);

/** Afterwards whatever came of it has been adopted by its tags, so that nothing more is expected of it. */
const giveUp = async (world: World, state: FleetState, intent: Intent): Promise<void> => {
  world.log.warn('An unanswered launch is given up; its machines, if any, are found by their tags.', {
    fleet: state.head.fleet,
    intentId: intent.intentId,
  });
  await world.fleets.closeIntent(state.head.fleet, intent.intentId, { pools: {} });
};

export const resumeIntents = async (world: World, wakes: WakeCollector, state: FleetState): Promise<void> => {
  for (const intent of Object.values(state.head.openIntents)) {
    if (isRepeatable(world, intent)) await launchIntent(world, wakes, intent);
    else await giveUp(world, state, intent);
  }
};
