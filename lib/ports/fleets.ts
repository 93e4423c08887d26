import type { FleetHead, FleetState, Intent, Member, PoolMemory } from '../fleet/fleet.ts';
import type { Ec2FleetId, FleetName, InstanceId, IntentId } from '../fleet/ids.ts';
import type { RunTimeSummary } from '../fleet/instance.ts';
import type { PriceBoard } from '../fleet/price-board.ts';
import type { RecordedSignal, Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';

export interface HeadChange {
  readonly open?: readonly Intent[];
  readonly pools?: Readonly<Record<string, PoolMemory>>;
  readonly restUntil?: EpochMs;
}

/** The fleets table: head and members of each fleet under one key, read strongly. */
export interface FleetStore {
  /** The head first, then the members: a member that came in between is seen, an intent that closed is not missed. */
  read(fleet: FleetName): Promise<FleetState>;
  /** Writes the change if the generation is the one read, and raises it. `lost`: another reconcile was first. */
  changeHead(fleet: FleetName, generationRead: number, change: HeadChange): Promise<'done' | 'lost'>;
  addMember(fleet: FleetName, member: Member): Promise<void>;
  removeMember(fleet: FleetName, instanceId: InstanceId): Promise<void>;
  /** EC2 answered: its fleet id is remembered as ours before any machine of it is. */
  recordAnswer(fleet: FleetName, intentId: IntentId, ec2FleetId: Ec2FleetId): Promise<void>;
  /** Removes the open intent, notes what the pools did, and raises the generation. Repeating it changes nothing. */
  closeIntent(
    fleet: FleetName,
    intentId: IntentId,
    learned: { readonly pools: Readonly<Record<string, PoolMemory>>; readonly restUntil?: EpochMs },
  ): Promise<void>;
  /** A pool that took machines back is set aside. */
  notePool(fleet: FleetName, pool: string, memory: PoolMemory): Promise<void>;
  /** How long the fleet's tasks take, for machines to come; the last word stands. */
  noteRunTimes(fleet: FleetName, runTimes: RunTimeSummary): Promise<void>;
  /** No unfinished task of the fleet was submitted before this; the later word stands. */
  noteUnfinishedSince(fleet: FleetName, at: EpochMs): Promise<void>;
  /** Since when spot has given nothing, or that it has; the last word stands. */
  noteSpotAway(fleet: FleetName, since: EpochMs | undefined): Promise<void>;
  /** What the fleet's pools cost, as read last; absent when nobody has, or in a form that this version does not know. */
  prices(fleet: FleetName): Promise<PriceBoard | undefined>;
  /** One item beside the fleet's own; the last word stands. */
  putPrices(fleet: FleetName, board: PriceBoard): Promise<void>;
  /** A warning for a machine we have no item for yet, kept an hour for adoption. */
  keepUnclaimed(signal: Signal, now: EpochMs): Promise<void>;
  unclaimed(instanceId: InstanceId, now: EpochMs): Promise<readonly (RecordedSignal & Pick<Signal, 'kind'>)[]>;
}

export type { FleetHead };
