/**
 * The fleets table. DynamoDB by reliability B14 (one conditional write on one item, a lost reply seen again as a failed
 * condition) and B16 (what has expired may still be read).
 * Held against the adapter by `test/contracts/fleet-store.test.ts`.
 *
 * Not modelled: the 400 KB of an item, pages, throttling and outages (injected: F18, F19), forms of other versions.
 */
import type { FleetHead, FleetState, Member } from '../../fleet/fleet.ts';
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
  /** As it was last read, until something changes. */
  asRead: FleetState | undefined;
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

const stateOf = ({ head, members, answered }: FleetRows): FleetState => ({
  head: { ...head, answered: Object.fromEntries(inOrder(answered)) },
  members: inOrder(members).map(([, member]) => member),
});

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
    const known = fleets.get(fleet);
    if (known !== undefined) return known;
    const rows = { head: emptyHead(fleet), members: new Map(), answered: new Map(), asRead: undefined };
    fleets.set(fleet, rows);
    return rows;
  };
  const rowsToChange = (fleet: FleetName): FleetRows => {
    const rows = rowsOf(fleet);
    rows.asRead = undefined;
    return rows;
  };
  return {
    read: async (fleet) => {
      const rows = rowsOf(fleet);
      rows.asRead ??= stateOf(rows);
      return rows.asRead;
    },
    changeHead: async (fleet, generationRead, change) => changeHead(rowsToChange(fleet), generationRead, change),
    closeIntent: async (fleet, intentId, lesson) => {
      const rows = rowsToChange(fleet);
      if (rows.head.openIntents[intentId]) rows.head = closed(rows.head, intentId, lesson);
    },
    notePool: async (fleet, pool, memory) => {
      const rows = rowsToChange(fleet);
      rows.head = learned(rows.head, { pools: { [pool]: memory } });
    },
    noteRunTimes: async (fleet, runTimes) => {
      const rows = rowsToChange(fleet);
      rows.head = { ...rows.head, runTimes };
    },
    noteUnfinishedSince: async (fleet, at) => {
      const rows = rowsToChange(fleet);
      if (at > (rows.head.unfinishedSince ?? 0)) rows.head = { ...rows.head, unfinishedSince: at };
    },
    noteSpotAway: async (fleet, since) => {
      const rows = rowsToChange(fleet);
      const { spotAwaySince: _before, ...head } = rows.head;
      rows.head = since === undefined ? head : { ...head, spotAwaySince: since };
    },
    addMember: async (fleet, member) => {
      rowsToChange(fleet).members.set(member.instanceId, member);
    },
    removeMember: async (fleet, instanceId) => {
      rowsToChange(fleet).members.delete(instanceId);
    },
    recordAnswer: async (fleet, intentId, ec2FleetId) => {
      rowsToChange(fleet).answered.set(ec2FleetId, intentId);
    },
    prices: async (fleet) => boards.get(fleet),
    putPrices: async (fleet, board) => void boards.set(fleet, board),
    ...unclaimedStore(),
  };
};
