import { HIDDEN_SECONDS_MAX, LONG_POLL_SECONDS } from '../fleet/limits.ts';
import { addMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { WorkQueue } from '../ports/queues.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Ticket } from './ticket.ts';

/** Keeps one message hidden while its task runs, by renewing at half of the time each renewal gives. */
export interface VisibilityKeeper {
  /** Resolves once no renewal is under way or can follow: only then may the message be handed back (F36). */
  stop(): Promise<void>;
}

export interface VisibilityOptions {
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly log: Log;
  readonly visibilitySeconds: number;
  /** Called instead of the renewal that SQS would refuse, as often as it answers `false`. */
  handOver(): Promise<boolean>;
}

/** An abort without a reason makes an error with a stack; nobody reads this one. */
const STOPPED = 'stopped';

/**
 * A renewal that fails is not worth stopping the task for (F35, F37): a message that shows again is met by somebody
 * who finds the task running and puts it back.
 */
export const keepHidden = ({ message }: Ticket, options: VisibilityOptions): VisibilityKeeper => {
  const { queue, clock, log, visibilitySeconds } = options;
  const stopped = new AbortController();
  // Counted from the receipt, which was at most one long poll ago.
  const renewableSeconds = HIDDEN_SECONDS_MAX - visibilitySeconds - LONG_POLL_SECONDS;
  const lastRenewalAt = addMs(clock.now(), secondsToMs(renewableSeconds));

  const renew = async (): Promise<void> => {
    try {
      await queue.changeVisibility(message, visibilitySeconds);
    } catch (error) {
      log.warn('visibility not renewed', { messageId: message.messageId, error: String(error) });
    }
  };

  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(secondsToMs(visibilitySeconds) / 2, stopped.signal);
      if (stopped.signal.aborted) return;
      if (clock.now() <= lastRenewalAt) await renew();
      else if (await options.handOver()) return;
    }
  };

  const ended = loop();
  return {
    stop: () => {
      stopped.abort(STOPPED);
      return ended;
    },
  };
};
