import { SIGNALS_VISIBILITY_SECONDS } from '../../fleet/limits.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';

/** The `maxReceiveCount` of the signals queue in `serverless.yml`. */
const RECEIVES_MAX = 10;

/** What `retrySoon` makes of the wait. */
const SOON_SECONDS = 1;

export type SignalHandling = 'done' | 'failed' | 'failed-soon' | 'crashed';

/** The signals queue and its event source mapping: a record comes again until it has been handled. */
export interface SignalDelivery {
  /** Resolves once the body has been handled or given up. */
  deliver(body: string): Promise<void>;
  giveUp(body: string): void;
  readonly givenUp: readonly string[];
}

export const createSignalDelivery = (
  clock: Clock,
  handle: (messageId: string, body: string) => Promise<SignalHandling>,
): SignalDelivery => {
  const givenUp: string[] = [];
  let count = 0;
  return {
    givenUp,
    giveUp: (body) => void givenUp.push(body),
    deliver: async (body) => {
      count += 1;
      const messageId = `signal-${count}`;
      for (let receives = 1; receives <= RECEIVES_MAX; receives += 1) {
        const handling = await handle(messageId, body);
        if (handling === 'done') return;
        await clock.sleep(secondsToMs(handling === 'failed-soon' ? SOON_SECONDS : SIGNALS_VISIBILITY_SECONDS));
      }
      givenUp.push(body);
    },
  };
};
