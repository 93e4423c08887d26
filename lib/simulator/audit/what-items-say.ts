import { ENDS_LATER } from '../../audit/instance-model.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../fleet/instance.ts';
import type { RecordedSignal } from '../../fleet/signal.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';

/** An agent that was heard within this decides for itself (design, section 3). */
export const FRESH_MS = 15_000;

/** From this on it is silent (design, section 3; reliability F). */
export const SILENT_MS = 50_000;

/** An agent that was nearly silent when its item was read may be so by now: within this, it is not. */
export const SURELY_HEARD_MS = 40_000;

/** B28: one that EC2 takes in its first hour costs nothing, and EC2 is given five minutes past its deadline for it. */
const FIRST_HOUR_MS = 3_600_000;
const LEFT_TO_EC2_MS = 300_000;

/** Whether a row says that this attempt runs on this machine. */
export const isRunningOn = (row: TaskRecord | undefined, owner: InstanceId, attempt: number): boolean =>
  row?.status === 'running' && row.owner === owner && row.attempt === attempt;

type Lifetime = Pick<InstanceRecord, 'heartbeatAt' | 'launchedAt'>;

export const silentMs = ({ heartbeatAt, launchedAt }: Lifetime, at: EpochMs): number =>
  at - (heartbeatAt ?? launchedAt);

/** It is to end at a time that was told long before: until that is near it works off what it has, and takes nothing. */
export const isAnnouncedToEnd = ({ signals }: Pick<InstanceRecord, 'signals'>): boolean =>
  ENDS_LATER.some((kind) => signals[kind] !== undefined);

export const isSaidToBeGone = ({ goneAt, signals }: InstanceRecord): boolean =>
  goneAt !== undefined || signals['state-stopped'] !== undefined || signals['state-terminated'] !== undefined;

/** The signal by which EC2 takes it, warned or not. */
export const takingOf = ({ signals }: Pick<InstanceRecord, 'signals'>): RecordedSignal | undefined =>
  signals['spot-interruption'] ?? signals['bid-evicted'];

/** The nearest deadline that anybody has told; none is infinitely far away. */
const nearestDeadline = ({ signals }: Pick<InstanceRecord, 'signals'>): number =>
  Math.min(...Object.values(signals).flatMap((signal) => signal?.deadline ?? []));

/** The end of a drain that began then: the nearest deadline, or the window that a warning gives. */
export const drainEnd = (
  record: Pick<InstanceRecord, 'signals'>,
  drainingAt: EpochMs,
  { windowSeconds }: Pick<DrainPolicy, 'windowSeconds'>,
): number => Math.min(nearestDeadline(record), addMs(drainingAt, secondsToMs(windowSeconds)));

/** Whether EC2 is still to end it, for nothing, by the deadline it gave. */
export const isEndedForNothing = (deadline: number, launchedAt: EpochMs, at: EpochMs): boolean =>
  deadline < launchedAt + FIRST_HOUR_MS && at < deadline + LEFT_TO_EC2_MS;

export const isLeftToEc2 = (record: InstanceRecord, at: EpochMs): boolean => {
  const { pool, launchedAt } = record;
  const taken = takingOf(record);
  const deadline = taken?.deadline ?? nearestDeadline(record);
  return pool.purchase === 'spot' && taken !== undefined && isEndedForNothing(deadline, launchedAt, at);
};
