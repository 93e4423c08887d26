import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { Signal, SignalKind } from '../../fleet/signal.ts';
import { type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Judge } from './promises.ts';

export interface AcknowledgedWorld {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly judge: Judge;
  readonly recordOf: (id: InstanceId) => InstanceRecord | undefined;
  /** No service refuses everybody. */
  readonly isUp: () => boolean;
  /** How many reconciles have run to their end so far. */
  readonly reconciles: () => number;
}

/** What a signal told must stand on its machine's item after so long with an item, whatever raced with it. */
const STANDS_AFTER_SECONDS = 180;

/** Signals of a machine without an item are kept for an hour. */
const LOOKS_MAX = 3_600 / STANDS_AFTER_SECONDS;

/** The first may have read the item before the warning was kept for it. */
const RECONCILES_LEAST = 2;

const KEPT: readonly SignalKind[] = ['spot-interruption', 'rebalance-recommendation'];

/** Its agent may have read the list of what is planned just before that was called off, and write it just after. */
const RACE_MS = 60_000;

/** What a signal tells stands on its machine's item; what was called off does not, and is written nowhere itself. */
export const isWritten = (record: InstanceRecord | undefined, kind: SignalKind, now: EpochMs): boolean => {
  if (kind !== 'scheduled-change-cancelled') return record?.signals[kind] !== undefined;
  const announced = record?.signals['scheduled-change'];
  return announced === undefined || now - announced.recordedAt < RACE_MS;
};

/**
 * Looks for a warning that was acknowledged until it stands on its machine's item (O1). An adoption that crashed between the
 * item and what was kept for it is gone on with by the next reconcile: only an item that was there at the look before as
 * well, with every service answering and reconciles that came to their end since, has had its time.
 */
export const watchAcknowledged = async (
  { clock, judge, recordOf, isUp, reconciles }: AcknowledgedWorld,
  { instanceId, kind }: Pick<Signal, 'instanceId' | 'kind'>,
  hadItem: boolean,
): Promise<void> => {
  if (!KEPT.includes(kind)) return;
  let wasThere = hadItem;
  for (let look = 1; look <= LOOKS_MAX; look += 1) {
    const before = reconciles();
    await clock.sleep(secondsToMs(STANDS_AFTER_SECONDS));
    const hasLooked = reconciles() - before >= RECONCILES_LEAST;
    const record = recordOf(instanceId);
    if (record?.signals[kind] !== undefined || record?.goneAt !== undefined) return;
    if (wasThere && isUp() && hasLooked)
      return judge.say('O1', `${kind} of ${instanceId} was acknowledged and is written nowhere`);
    wasThere = record !== undefined && isUp();
  }
};
