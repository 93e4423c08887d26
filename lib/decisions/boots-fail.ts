import { type InstanceRecord, isAttached } from '../fleet/instance.ts';
import { BOOT_SECONDS_MAX } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';

/** One that was sent away sooner had no time to come up: nothing is known of it. */
const wasGivenUp = ({ signals, launchedAt }: InstanceRecord): boolean => {
  const drained = signals['operator-drain'];
  return drained !== undefined && drained.recordedAt - launchedAt >= secondsToMs(BOOT_SECONDS_MAX);
};

/** Ended without its agent ever having been heard, and not by EC2: by its own dead-man's switch, or by us after the boot bound. */
const failedToBoot = (record: InstanceRecord): boolean =>
  record.session === undefined &&
  !isAttached(record) &&
  (record.signals['shut-down-by-itself'] !== undefined || wasGivenUp(record));

/**
 * Whether machines of this fleet end before they work, and no other shows that they could: a setup or a task file that
 * fails on every one of them. Replacing those at once would pay for boots and nothing else.
 */
export const bootsFail = (records: readonly InstanceRecord[]): boolean =>
  records.some(failedToBoot) && records.every((record) => record.session === undefined);
