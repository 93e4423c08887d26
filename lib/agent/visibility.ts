import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReceivedMessage, WorkQueue } from '../ports/queues.ts';
import type { Log } from '../ports/telemetry.ts';

/** SQS keeps a message hidden for twelve hours in all, counted from its receipt, and refuses more (reliability B10). */
const HIDDEN_SECONDS_MAX = 43_200;

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
}

/**
 * A renewal that fails is not worth stopping the task for (F35, F37): a message that shows again is met by somebody
 * who finds the task running and puts it back.
 */
export const keepHidden = (message: ReceivedMessage, options: VisibilityOptions): VisibilityKeeper => {
  const { queue, clock, log, visibilitySeconds } = options;
  const stopped = new AbortController();
  const lastRenewalAt = clock.now() + secondsToMs(HIDDEN_SECONDS_MAX - visibilitySeconds);

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
      if (stopped.signal.aborted || clock.now() > lastRenewalAt) return;
      await renew();
    }
  };

  const ended = loop();
  return {
    stop: () => {
      stopped.abort();
      return ended;
    },
  };
};
