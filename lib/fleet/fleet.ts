import type { Ec2FleetId, FleetName, InstanceId, IntentId } from './ids.ts';
import type { RunTimeSummary } from './instance.ts';
import type { Pool, Purchase } from './pool.ts';
import type { EpochMs } from './time.ts';

/** One machine of a fleet: one small row, strongly readable, written from the CreateFleet answer. */
export interface Member {
  readonly instanceId: InstanceId;
  readonly intentId: IntentId;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
}

/**
 * A launch asked for. Stored before EC2 is asked, with the request as it will be sent: a retry sends the same bytes
 * under the same token (reliability B17), and asks for at most `count` however often it is repeated (N4).
 */
export interface Intent {
  readonly intentId: IntentId;
  readonly purchase: Purchase;
  readonly count: number;
  /** The CreateFleet input, serialised; it contains the client token, which is the intent's id. */
  readonly request: string;
  readonly reason: string;
  readonly openedAt: EpochMs;
}

/** What a pool did lately. Quarantine is derived from it and decays by itself. */
export interface PoolMemory {
  readonly refusedAt?: EpochMs;
  readonly reclaimedAt?: EpochMs;
  /** Refusals and reclaims in a row, without a success between them. */
  readonly strikes: number;
}

/** The item whose generation decides which reconcile may act. */
export interface FleetHead {
  readonly fleet: FleetName;
  readonly generation: number;
  readonly openIntents: Readonly<Record<IntentId, Intent>>;
  /** EC2 fleet ids that answered our intents: half of the proof that a machine is ours. */
  readonly answered: Readonly<Record<Ec2FleetId, IntentId>>;
  readonly pools: Readonly<Record<string, PoolMemory>>;
  /** How long its tasks take, for machines to come: kept when there is no machine left to ask. */
  readonly runTimes?: RunTimeSummary;
  /** No unfinished task was submitted before this: where the search for the oldest begins. */
  readonly unfinishedSince?: EpochMs;
  /** Since when spot has given nothing although machines were missing; only where on demand stands in later than at once. */
  readonly spotAwaySince?: EpochMs;
  /** Nobody is asked for capacity before this. */
  readonly restUntil?: EpochMs;
}

export interface FleetState {
  readonly head: FleetHead;
  readonly members: readonly Member[];
}

/** What an open intent may still bring: nothing that was asked for is asked for twice. */
export const outstandingCount = (intent: Intent, members: readonly Member[]): number =>
  Math.max(0, intent.count - members.filter((member) => member.intentId === intent.intentId).length);
