import type { InstanceRecord } from '../fleet/instance.ts';
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

/** EC2's own words first: a machine that was warned and then ended by somebody else is not EC2's end. */
const endedBy = ({ signals }: InstanceRecord): EndedBy => {
  if (signals['bid-evicted'] !== undefined) return 'ec2';
  if (signals['terminated-by-request'] !== undefined) return 'us';
  if (signals['shut-down-by-itself'] !== undefined) return 'itself';
  return signals['spot-interruption'] === undefined ? 'unknown' : 'ec2';
};

/** Billing begins when the machine runs, not when it was asked for (EC2 guide, instance lifecycle). */
const chargedFrom = (record: InstanceRecord): EpochMs => record.signals['state-running']?.at ?? record.launchedAt;

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
    launchedAt: chargedFrom(record),
    endedAt: endedAt(record, closedAt),
    endedBy: by,
    interruption: interruption(record, by),
    rebalanced: record.signals['rebalance-recommendation'] !== undefined,
  };
};
