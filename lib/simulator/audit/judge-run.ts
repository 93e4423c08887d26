import type { InstanceRecord } from '../../fleet/instance.ts';
import type { Run } from '../../fleet/run.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { EpochMs } from '../../fleet/time.ts';

/** Kinds that tell when a machine ended. */
const ENDS: readonly SignalKind[] = ['state-terminated', 'state-shutting-down', 'state-stopped', 'bid-evicted'];

/** What a closed run says that is not what its machine's item said when it was closed (M2). */
export const runBreaches = (run: Run, item: InstanceRecord, now: EpochMs): readonly string[] => {
  const { signals, pool } = item;
  const ends = ENDS.flatMap((kind) => signals[kind]?.at ?? []);
  const isWarned = signals['spot-interruption'] !== undefined;
  const expected = {
    pool: `${pool.instanceType}/${pool.zone}/${pool.purchase}`,
    launchedAt: signals['state-running']?.at ?? item.launchedAt,
    endedAt: ends.length === 0 ? now : Math.min(...ends),
    interruption: isWarned ? 'warned' : run.endedBy === 'ec2' ? 'unwarned' : 'none',
    rebalanced: signals['rebalance-recommendation'] !== undefined,
  };
  const { launchedAt, endedAt, interruption, rebalanced } = run;
  const told: Record<keyof typeof expected, unknown> = {
    pool: `${run.pool.instanceType}/${run.pool.zone}/${run.pool.purchase}`,
    launchedAt,
    endedAt,
    interruption,
    rebalanced,
  };
  return (Object.keys(expected) as (keyof typeof expected)[])
    .filter((field) => told[field] !== expected[field])
    .map((field) => `its ${field} is ${told[field]}, and was ${expected[field]}`);
};
