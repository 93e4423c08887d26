import type { FleetName, InstanceId } from './ids.ts';
import type { Pool } from './pool.ts';
import type { EpochMs } from './time.ts';

/** Who ended a machine decides what it cost (reliability B28). */
export type EndedBy = 'ec2' | 'us' | 'itself' | 'unknown';

/** One machine's life, closed: what the report is made of. */
export interface Run {
  readonly form: 1;
  readonly instanceId: InstanceId;
  readonly fleet: FleetName;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly endedBy: EndedBy;
  /** How EC2 took it: with a notice, without one, or not at all. */
  readonly interruption: 'warned' | 'unwarned' | 'none';
  /** A rebalance recommendation came during its life. */
  readonly rebalanced?: boolean;
}

/** What the tasks that ended in a period add up to. */
export interface TaskCounts {
  readonly done: number;
  readonly dead: number;
  readonly reclaims: number;
  /** Running time that reclaims threw away; `unknown` as soon as there was one, for nobody measures it. */
  readonly redoneMs: number | 'unknown';
}

/** A price that was in force from `at` until the next entry of its pool; micro-USD per hour, integer. */
export interface PricePoint {
  readonly at: EpochMs;
  readonly microUsdPerHour: number;
}
