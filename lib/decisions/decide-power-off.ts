import { deadlineOf, type InstanceRecord, isTakenByEc2 } from '../fleet/instance.ts';
import { FIRST_HOUR_SECONDS, LEFT_TO_EC2_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';

/** By when EC2 ends it: its own word, where it gave one. Others may want it to end sooner. */
const takenBy = (record: InstanceRecord): EpochMs | undefined =>
  record.signals['spot-interruption']?.deadline ?? deadlineOf(record);

/**
 * When a drained machine powers itself off. One that EC2 is taking in its first hour costs nothing if EC2 ends it, and
 * its whole time if it ends itself (reliability B28): it is left to EC2 until five minutes past EC2's deadline. Any other
 * one has nothing to wait for.
 */
export const powerOffAt = (record: InstanceRecord, now: EpochMs): EpochMs => {
  const deadline = takenBy(record);
  if (deadline === undefined || record.pool.purchase !== 'spot' || !isTakenByEc2(record)) return now;
  const isFreeIfLeft = deadline < addMs(record.launchedAt, secondsToMs(FIRST_HOUR_SECONDS));
  return isFreeIfLeft ? addMs(deadline, secondsToMs(LEFT_TO_EC2_SECONDS)) : now;
};
