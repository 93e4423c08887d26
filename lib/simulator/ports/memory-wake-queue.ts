/**
 * SQS as a queue of wakes, by reliability B12: a delay is 15 minutes at most.
 * Held against the adapter by `test/contracts/sent-messages.test.ts`.
 *
 * Not modelled: wakes that are lost, doubled or out of order (they carry nothing), batches of the event source mapping.
 */
import type { FleetName } from '../../fleet/ids.ts';
import { QUEUE_DELAY_SECONDS_MAX } from '../../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WakeQueue } from '../../ports/queues.ts';

export interface MemoryWakeQueue extends WakeQueue {
  /** Takes the wakes whose delay is over, collapsed to their fleets: what one batch of the real queue comes to. */
  takeDue(): readonly FleetName[];
  /** When the next wake is due, if there is one. */
  nextAt(): EpochMs | undefined;
}

/** Wakes in memory. B12: a delay is 15 minutes at most. */
export const memoryWakeQueue = (clock: Clock): MemoryWakeQueue => {
  let wakes: { readonly fleet: FleetName; readonly at: EpochMs }[] = [];
  return {
    wake: async (fleet, delaySeconds = 0) => {
      const delayMs = secondsToMs(Math.min(Math.ceil(delaySeconds), QUEUE_DELAY_SECONDS_MAX));
      wakes.push({ fleet, at: addMs(clock.now(), delayMs) });
    },
    takeDue: () => {
      const now = clock.now();
      const due = wakes.filter((wake) => wake.at <= now);
      wakes = wakes.filter((wake) => wake.at > now);
      return [...new Set(due.map((wake) => wake.fleet))];
    },
    nextAt: () => (wakes.length === 0 ? undefined : (Math.min(...wakes.map((wake) => wake.at)) as EpochMs)),
  };
};
