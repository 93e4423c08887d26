import type { Intent } from '../../fleet/fleet.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { type Pool, type Purchase, poolKey } from '../../fleet/pool.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Backlog } from '../../ports/queues.ts';
import { isRecallable, isUseful, outstandingOf, wantedOf } from './counts.ts';
import { judgeRequest, type StoredRequest, storedRequestOf } from './judge-request.ts';
import { placeKey } from './known-refusals.ts';
import { type Neglect, neglect } from './neglect.ts';
import { type ReadFleet, surgeAllowed } from './surge.ts';
import { SILENT_MS, SURELY_HEARD_MS, silentMs, takingOf } from './what-items-say.ts';

/** What a reconcile knew when it asked for machines. */
export interface Ordering {
  readonly read: Omit<ReadFleet, 'useful'>;
  /** Whom it has drained itself meanwhile: missing by then, as long as it was told that they drain. */
  readonly drained: ReadonlySet<InstanceId>;
  readonly now: EpochMs;
  readonly backlog: Backlog;
  readonly open: readonly Intent[];
}

/** Launches that EC2 has not answered, at most: with so many open nobody asks for more (reliability B17). */
const OPEN_MAX = 4;

/** Three minutes, less what a call takes. */
const SET_ASIDE_MS = 170_000;

const countsOf = ({ read, backlog, open }: Ordering, drained: ReadonlySet<InstanceId>) => {
  const { state, records, settings } = read;
  const members = state.members.filter(({ instanceId }) => !drained.has(instanceId));
  const useful = members.filter(({ instanceId }) => isUseful(records.get(instanceId)));
  const before = Object.values(state.head.openIntents);
  const coming = (intents: readonly Intent[], purchase?: Purchase): number =>
    intents
      .filter((intent) => purchase === undefined || intent.purchase === purchase)
      .reduce((sum, intent) => sum + outstandingOf(intent, state), 0);
  const recallable = (isHeard: (record: InstanceRecord) => boolean, purchase?: Purchase): number =>
    members
      .filter(({ pool }) => purchase === undefined || pool.purchase === purchase)
      .filter(({ instanceId }) => isRecallable(records.get(instanceId), isHeard)).length;
  const onDemand = useful.filter(({ pool }) => pool.purchase === 'on-demand').length;
  return {
    useful,
    onDemand,
    wanted: wantedOf(backlog, settings.capacity),
    hadBefore: useful.length + coming(before),
    had: useful.length + coming([...before, ...open]),
    hadOnDemand: onDemand + coming([...before, ...open], 'on-demand'),
    recallable,
  };
};

type Counts = ReturnType<typeof countsOf>;

/** Whether one that is to leave was heard when it was called back, its reader knew best. */
const always = (): boolean => true;

/** N3: never beyond wanted and surge; whoever can be called back is, before anything is bought. */
const tooMany = ({ read, now }: Ordering, counts: Counts): Neglect[] => {
  const { useful, onDemand, wanted, had, hadBefore, recallable } = counts;
  const surge = (called: number): number => surgeAllowed({ ...read, useful }, onDemand + called, wanted);
  if (had > wanted + surge(0))
    return [neglect('N3', `${had} machines had and asked for, ${wanted} + ${surge(0)} wanted`)];
  if (read.settings.capacity.window !== undefined) return [];
  const isSurelyHeard = (record: InstanceRecord): boolean => silentMs(record, now) < SURELY_HEARD_MS;
  const missing = Math.max(0, wanted - hadBefore);
  const back = Math.min(missing, recallable(isSurelyHeard));
  // Spot is called back first; an on-demand machine may be one whose place spot is to take.
  const anyBack = Math.min(missing, recallable(always));
  const onDemandBack = Math.min(
    Math.max(0, anyBack - recallable(isSurelyHeard, 'spot')),
    recallable(always, 'on-demand'),
  );
  return had + back > wanted + surge(onDemandBack)
    ? [neglect('N3', `${had} machines had and asked for, ${wanted} wanted, and ${back} could have been called back`)]
    : [];
};

/** Where spot can be asked, all that is missing is asked for; only an on-demand base may find no pool to ask. */
const tooFew = ({ read, open }: Ordering, { wanted, had, recallable }: Counts): Neglect[] => {
  const { capacity } = read.settings;
  const asksSpot = open.some(({ purchase }) => purchase === 'spot');
  if (!asksSpot || capacity.window !== undefined) return [];
  const mayBeHeard = (record: InstanceRecord): boolean =>
    record.session === undefined || silentMs(record, read.readAt) < SILENT_MS;
  const least = wanted - recallable(mayBeHeard) - Math.min(capacity.onDemandBase, wanted);
  return had < least ? [neglect('W4', `${had} machines had and asked for, and ${wanted} wanted`)] : [];
};

/** O2: an EC2 that does not answer is not asked over and over, under one token after the other. */
const tooOften = ({ read: { state }, open }: Ordering): Neglect[] => {
  const before = Object.keys(state.head.openIntents).length;
  return open.length > 0 && before >= OPEN_MAX
    ? [neglect('O2', `${before} launches are not answered, and another is asked for`)]
    : [];
};

/** M1: what the fleet file allows on demand. */
const tooDear = ({ read, open }: Ordering, { hadOnDemand }: Counts): Neglect[] => {
  const { onDemandBase, onDemandMax, onDemandFallback } = read.settings.capacity;
  const asksOnDemand = open.some(({ purchase }) => purchase === 'on-demand');
  const allowed = Math.max(onDemandFallback ? onDemandMax : 0, onDemandBase);
  return asksOnDemand && hadOnDemand > allowed ? [neglect('M1', `${hadOnDemand} on demand, ${allowed} allowed`)] : [];
};

/** A signal bears the time at which its writing began; a slow call may bring it to the item this much later. */
const SLOW_WRITE_MS = 15_000;

/** When each pool last refused, as far as the fleet was told. */
export type Refusals = ReadonlyMap<string, EpochMs>;

const reclaimedAt = (records: ReadonlyMap<InstanceId, InstanceRecord | undefined>, { read }: Ordering, pool: Pool) =>
  read.state.members.flatMap(({ instanceId, pool: theirs }) => {
    const record = records.get(instanceId);
    const taken = record && takingOf(record);
    return taken !== undefined && poolKey(theirs) === poolKey(pool) ? [taken.recordedAt] : [];
  });

/** O2: a pool that refused, or that is taking its machines back, is left alone for three minutes at least. */
const askedAgain = (ordering: Ordering, refusals: Refusals, { request }: StoredRequest): Neglect[] => {
  const { read, now } = ordering;
  const { readAt, settings } = read;
  return request.pools.flatMap(({ pool }): Neglect[] => {
    const key = poolKey(pool);
    const refusedAt = refusals.get(placeKey(settings.fleet, pool));
    if (refusedAt !== undefined && refusedAt < readAt && now < refusedAt + SET_ASIDE_MS)
      return [neglect('O2', `${key} was asked ${(now - refusedAt) / 1_000} s after it refused`)];
    // What was told while the reconcile was at work, the next one goes by.
    const isTaking = reclaimedAt(read.records, ordering, pool).some(
      (at) => at + SLOW_WRITE_MS <= readAt && now < at + SET_ASIDE_MS,
    );
    return isTaking ? [neglect('O2', `${key} was asked while it takes machines back`)] : [];
  });
};

/** Whatever is wrong with what a reconcile asks for, by what it had read. */
export const judgeOrders = (ordering: Ordering, refusals: Refusals): readonly Neglect[] => {
  const counts = countsOf(ordering, ordering.drained);
  return [
    ...tooMany(ordering, counts),
    // Whoever was not told that its drain was written counts with that machine.
    ...tooFew(ordering, countsOf(ordering, new Set())),
    ...tooDear(ordering, counts),
    ...tooOften(ordering),
    ...ordering.open.flatMap((intent) => {
      const stored = storedRequestOf(intent);
      return [...judgeRequest(ordering.read.settings, intent, stored), ...askedAgain(ordering, refusals, stored)];
    }),
  ];
};
