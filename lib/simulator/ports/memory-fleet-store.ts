import type { FleetHead, Member } from '../../fleet/fleet.ts';
import { emptyHead, isWritten } from '../../fleet/fleet-head.ts';
import type { Ec2FleetId, FleetName, InstanceId, IntentId } from '../../fleet/ids.ts';
import { UNCLAIMED_SECONDS } from '../../fleet/limits.ts';
import type { PriceBoard } from '../../fleet/price-board.ts';
import type { RecordedSignal, Signal, SignalKind } from '../../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { FleetStore, HeadChange } from '../../ports/fleets.ts';

/** One fleet's rows. The answers are kept apart from the head, as the table keeps them. */
interface FleetRows {
  head: FleetHead;
  readonly members: Map<InstanceId, Member>;
  readonly answered: Map<Ec2FleetId, IntentId>;
}

type KeptSignal = RecordedSignal & Pick<Signal, 'kind'>;

const inOrder = <Key extends string, Row>(rows: ReadonlyMap<Key, Row>): (readonly [Key, Row])[] =>
  [...rows].sort(([one], [other]) => (one < other ? -1 : 1));

const learned = (head: FleetHead, { pools = {}, restUntil }: HeadChange): FleetHead => ({
  ...head,
  pools: { ...head.pools, ...pools },
  ...(restUntil === undefined ? {} : { restUntil }),
});

const opened = (head: FleetHead, change: HeadChange): FleetHead => ({
  ...learned(head, change),
  generation: head.generation + 1,
  openIntents: {
    ...head.openIntents,
    ...Object.fromEntries((change.open ?? []).map((intent) => [intent.intentId, intent])),
  },
});

const closed = (head: FleetHead, intentId: IntentId, lesson: HeadChange): FleetHead => {
  const { [intentId]: _closed, ...openIntents } = head.openIntents;
  return { ...learned(head, lesson), generation: head.generation + 1, openIntents };
};

const changeHead = (rows: FleetRows, generationRead: number, change: HeadChange): 'done' | 'lost' => {
  // B14: a condition that failed may be our own write, its reply lost.
  if (rows.head.generation !== generationRead) return isWritten(rows.head, change.open ?? []) ? 'done' : 'lost';
  rows.head = opened(rows.head, change);
  return 'done';
};

const unclaimedStore = (): Pick<FleetStore, 'keepUnclaimed' | 'unclaimed'> => {
  const kept = new Map<InstanceId, Map<SignalKind, KeptSignal>>();
  // B16: expired items are readable until DynamoDB deletes them, so their age is judged here.
  const isKept = (signal: KeptSignal | undefined, now: EpochMs): signal is KeptSignal =>
    signal !== undefined && now < addMs(signal.recordedAt, secondsToMs(UNCLAIMED_SECONDS));
  return {
    keepUnclaimed: async ({ instanceId, ...told }, now) => {
      const ofMachine = kept.get(instanceId) ?? new Map<SignalKind, KeptSignal>();
      kept.set(instanceId, ofMachine);
      if (!isKept(ofMachine.get(told.kind), now)) ofMachine.set(told.kind, { ...told, recordedAt: now });
    },
    unclaimed: async (instanceId, now) =>
      inOrder(kept.get(instanceId) ?? new Map<SignalKind, KeptSignal>())
        .map(([, signal]) => signal)
        .filter((signal) => isKept(signal, now)),
  };
};

/** The fleets table in memory. */
export const memoryFleetStore = (): FleetStore => {
  const fleets = new Map<FleetName, FleetRows>();
  const boards = new Map<FleetName, PriceBoard>();
  const rowsOf = (fleet: FleetName): FleetRows => {
    const rows = fleets.get(fleet) ?? { head: emptyHead(fleet), members: new Map(), answered: new Map() };
    fleets.set(fleet, rows);
    return rows;
  };
  return {
    read: async (fleet) => {
      const { head, members, answered } = rowsOf(fleet);
      return {
        head: { ...head, answered: Object.fromEntries(inOrder(answered)) },
        members: inOrder(members).map(([, member]) => member),
      };
    },
    changeHead: async (fleet, generationRead, change) => changeHead(rowsOf(fleet), generationRead, change),
    closeIntent: async (fleet, intentId, lesson) => {
      const rows = rowsOf(fleet);
      if (rows.head.openIntents[intentId]) rows.head = closed(rows.head, intentId, lesson);
    },
    notePool: async (fleet, pool, memory) => {
      const rows = rowsOf(fleet);
      rows.head = learned(rows.head, { pools: { [pool]: memory } });
    },
    noteRunTimes: async (fleet, runTimes) => {
      const rows = rowsOf(fleet);
      rows.head = { ...rows.head, runTimes };
    },
    addMember: async (fleet, member) => {
      rowsOf(fleet).members.set(member.instanceId, member);
    },
    removeMember: async (fleet, instanceId) => {
      rowsOf(fleet).members.delete(instanceId);
    },
    recordAnswer: async (fleet, intentId, ec2FleetId) => {
      rowsOf(fleet).answered.set(ec2FleetId, intentId);
    },
    prices: async (fleet) => boards.get(fleet),
    putPrices: async (fleet, board) => void boards.set(fleet, board),
    ...unclaimedStore(),
  };
};
