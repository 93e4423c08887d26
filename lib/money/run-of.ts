import { type InstanceRecord, isTakenByEc2 } from '../fleet/instance.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { EndedBy, Run } from '../ports/money.ts';

/** The earliest that any record says about the end; the moment of closing when none does. */
const endedAt = (record: InstanceRecord, closedAt: EpochMs): EpochMs => {
  const { signals } = record;
  const ends = [
    signals['state-terminated'],
    signals['state-shutting-down'],
    signals['state-stopped'],
    signals['bid-evicted'],
  ];
  const times = ends.flatMap((end) => end?.at ?? []);
  return times.length === 0 ? closedAt : (Math.min(...times) as EpochMs);
};

const endedBy = (record: InstanceRecord): EndedBy => {
  if (isTakenByEc2(record)) return 'ec2';
  if (record.signals['operator-drain'] !== undefined) return 'us';
  if (record.signals.leave !== undefined || record.signals['machine-stopping'] !== undefined) return 'itself';
  return 'unknown';
};

const interruption = (record: InstanceRecord, by: EndedBy): Run['interruption'] => {
  if (record.signals['spot-interruption'] !== undefined) return 'warned';
  return by === 'ec2' ? 'unwarned' : 'none';
};

/** A machine's life for the money ledger, once it is gone: who ended it decides what it cost (reliability B28). */
export const runOf = (record: InstanceRecord, closedAt: EpochMs): Run => {
  const by = endedBy(record);
  return {
    form: 1,
    instanceId: record.instanceId,
    fleet: record.fleet,
    pool: record.pool,
    launchedAt: record.launchedAt,
    endedAt: endedAt(record, closedAt),
    endedBy: by,
    interruption: interruption(record, by),
  };
};
