import type { FleetName } from '../fleet/ids.ts';
import { QUEUE_DELAY_SECONDS_MAX } from '../fleet/limits.ts';
import { type EpochMs, msUntil } from '../fleet/time.ts';
import type { World } from './world.ts';

/**
 * Wakes asked for during one batch: at most one message now and one later for each fleet, however many machines asked.
 * A wake carries no information, so the earliest time stands for all.
 */
export interface WakeCollector {
  now(fleet: FleetName): void;
  at(fleet: FleetName, instant: EpochMs): void;
  send(): Promise<void>;
}

/** Rounded up, so that the reconcile that is woken finds the time passed. */
const delaySeconds = (instant: EpochMs, now: EpochMs): number => Math.ceil(msUntil(instant, now) / 1_000);

export const collectWakes = ({ wakes, clock, log }: Pick<World, 'wakes' | 'clock' | 'log'>): WakeCollector => {
  const immediate = new Set<FleetName>();
  const delayed = new Map<FleetName, EpochMs>();

  const wake = async (fleet: FleetName, seconds: number): Promise<void> => {
    try {
      await wakes.wake(fleet, seconds);
    } catch (error) {
      // A wake may be lost: the minute schedule does the same. It must never fail what it follows (O1).
      log.warn('A wake could not be sent; the minute schedule stands in for it.', { fleet, error: String(error) });
    }
  };

  return {
    now: (fleet) => void immediate.add(fleet),
    at: (fleet, instant) => {
      const earliest = delayed.get(fleet);
      if (earliest === undefined || instant < earliest) delayed.set(fleet, instant);
    },
    send: async () => {
      const later = [...delayed]
        .map(([fleet, instant]) => [fleet, delaySeconds(instant, clock.now())] as const)
        .filter(([, seconds]) => seconds <= QUEUE_DELAY_SECONDS_MAX);
      await Promise.all([
        ...[...immediate].map((fleet) => wake(fleet, 0)),
        ...later.map(([fleet, seconds]) => wake(fleet, seconds)),
      ]);
      immediate.clear();
      delayed.clear();
    },
  };
};
