import type { Member } from '../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../fleet/fleet-settings.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { isUseful, SURGE_SHARE, wantedOf } from './counts.ts';
import type { Compared, Deeds } from './deeds.ts';
import { type Neglect, neglect } from './neglect.ts';
import { SURELY_HEARD_MS, silentMs } from './what-items-say.ts';

/** Between the moment at which an item was read and the decision: who was nearly silent then may be so or not. */
const SURELY_SILENT_MS = 60_000;

/** A replacement has shown itself once it has run a task, or after ten minutes (design, section 4). */
const PROVEN_MS = 600_000;

interface Seen {
  readonly member: Member;
  readonly record: InstanceRecord;
  readonly silentMs: number;
  readonly held: number;
}

/** One that never came is not silent yet. */
const silentMsOf = (record: InstanceRecord, at: EpochMs): number =>
  record.session === undefined ? 0 : silentMs(record, at);

const isSpot = ({ member }: Seen): boolean => member.pool.purchase === 'spot';

const nameOf = ({ member }: Seen): InstanceId => member.instanceId;

/** Machines that could take work, less those that this very run has drained: those among whom somebody is chosen to go. */
const usefulSeen = ({ records, draining }: Deeds, { state, at }: Compared): readonly Seen[] =>
  state.members.flatMap((member): Seen[] => {
    const record = records.get(member.instanceId)?.value;
    if (record === undefined || !isUseful(record) || draining.has(member.instanceId)) return [];
    return [{ member, record, silentMs: silentMsOf(record, at), held: Object.keys(record.leases).length }];
  });

const isProven = ({ record, held, member }: Seen, at: EpochMs): boolean =>
  held > 0 || (record.session !== undefined && at - member.launchedAt >= PROVEN_MS);

interface Shrinking {
  readonly gone: readonly Seen[];
  readonly staying: readonly Seen[];
  readonly wanted: number;
  /** More machines than the fleet file allows: some have to go although there is work. */
  readonly isTooLarge: boolean;
  readonly compared: Compared;
}

/** Fewer than are wanted are never left over: what is sent away would only be bought again. */
const tooMany = ({ gone, staying, wanted }: Shrinking): Neglect[] =>
  staying.length < wanted && gone.length > 0
    ? [neglect('W4', `${gone.map(nameOf).join(' ')} sent away, ${staying.length} stay, ${wanted} wanted`)]
    : [];

/** A machine that is not heard does nothing: it goes before any that is. */
const silentStays = ({ gone, staying }: Shrinking): Neglect[] => {
  const silent = staying.find((one) => isSpot(one) && one.held === 0 && one.silentMs >= SURELY_SILENT_MS);
  const heard = gone.find((one) => isSpot(one) && one.silentMs < SURELY_HEARD_MS);
  if (silent === undefined || heard === undefined) return [];
  return [neglect('W4', `${nameOf(heard)} was sent away, and ${nameOf(silent)} stays, which is not heard`)];
};

/** Work is not taken from a spot machine for others to idle, and not at all while there are not too many. */
const busyGoes = ({ gone, staying, isTooLarge }: Shrinking): Neglect[] =>
  gone
    .filter((one) => isSpot(one) && one.held > 0 && one.silentMs < SURELY_HEARD_MS)
    .flatMap((busy) => {
      const idler = staying.find((one) => isSpot(one) && one.held < busy.held);
      if (isTooLarge && idler === undefined) return [];
      const instead = idler === undefined ? 'and nobody has to go' : `and ${nameOf(idler)} stays, which does less`;
      return [neglect('W4', `${nameOf(busy)} was sent away with ${busy.held} tasks, ${instead}`)];
    });

/** While work waits nobody goes for being one too many; on-demand machines go once spot has proven itself for each. */
const goesWhileWorkWaits = ({ gone, staying, wanted, isTooLarge, compared }: Shrinking): Neglect[] => {
  if (isTooLarge) return [];
  const { at, backlog } = compared;
  const spot = backlog.waiting > 0 ? gone.filter((one) => isSpot(one) && one.silentMs < SURELY_HEARD_MS) : [];
  const standIns = gone.filter((one) => !isSpot(one) && (backlog.waiting > 0 || one.held > 0));
  const proven = [...gone, ...staying].filter((one) => isProven(one, at)).length;
  return [
    ...spot.map((one) => neglect('W4', `${nameOf(one)} was sent away while ${backlog.waiting} tasks wait`)),
    ...(standIns.length > Math.max(0, proven - wanted)
      ? [neglect('W4', `${standIns.map(nameOf).join(' ')} sent away, and nothing that replaces them has proven itself`)]
      : []),
  ];
};

/** What the fleet file wants on demand is not let go for spot: it would only be bought again. */
const baseGoes = ({ gone, staying, wanted, isTooLarge }: Shrinking, { onDemandBase }: CapacityPolicy): Neglect[] => {
  const standIns = gone.filter((one) => !isSpot(one) && one.silentMs < SURELY_HEARD_MS);
  const left = staying.filter((one) => !isSpot(one)).length;
  if (isTooLarge || standIns.length === 0 || left >= Math.min(onDemandBase, wanted)) return [];
  const found = `${standIns.map(nameOf).join(' ')} sent away, ${left} on demand stay, and ${onDemandBase} are the base`;
  return [neglect('M1', found)];
};

/** The fleet file allows fewer: somebody has to go in this very reconcile. */
const nobodyGoes = ({ gone, staying, wanted }: Shrinking, { machinesMax }: CapacityPolicy): Neglect[] => {
  const allowed = machinesMax + Math.ceil(wanted * SURGE_SHARE);
  return gone.length === 0 && staying.length > allowed
    ? [neglect('N3', `${staying.length} machines, ${machinesMax} allowed, and nobody is sent away`)]
    : [];
};

const silentCalledBack = ({ calledBack, records }: Deeds, { at }: Compared): Neglect[] =>
  calledBack
    .filter((id) => {
      const record = records.get(id)?.value;
      return record !== undefined && silentMsOf(record, at) >= SURELY_SILENT_MS;
    })
    .map((id) => neglect('W4', `${id} was called back, and is not heard`));

/**
 * Who is sent away when a fleet shrinks, and how many, judged by what the reconcile had read. A window has reasons of its
 * own: with one, only whom it calls back is judged.
 */
export const judgeLeaving = (deeds: Deeds, compared: Compared | undefined): readonly Neglect[] => {
  const { sentAway, hasLost } = deeds;
  if (compared === undefined || hasLost) return [];
  const { capacity } = compared;
  const calledBack = silentCalledBack(deeds, compared);
  if (capacity.window !== undefined) return calledBack;
  const useful = usefulSeen(deeds, compared);
  const isGone = (one: Seen): boolean => sentAway.includes(nameOf(one));
  const shrinking: Shrinking = {
    gone: useful.filter(isGone),
    staying: useful.filter((one) => !isGone(one)),
    wanted: wantedOf(compared.backlog, capacity),
    isTooLarge: useful.length > capacity.machinesMax,
    compared,
  };
  return [
    ...calledBack,
    ...tooMany(shrinking),
    ...silentStays(shrinking),
    ...busyGoes(shrinking),
    ...goesWhileWorkWaits(shrinking),
    ...baseGoes(shrinking, capacity),
    ...nobodyGoes(shrinking, capacity),
  ];
};
