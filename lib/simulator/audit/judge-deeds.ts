import type { FleetState } from '../../fleet/fleet.ts';
import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { Life } from '../life/life.ts';
import { type Deeds, deedsFor, type FleetDeeds, type Seen } from './deeds.ts';
import { neglectedGroups, neglectedWatch } from './judge-attached.ts';
import { judgeBoots } from './judge-boots.ts';
import { judgeBuying } from './judge-buying.ts';
import { judgeHomeless } from './judge-homeless.ts';
import { neglectedIntents, unclosedIntents, unexplained } from './judge-intents.ts';
import { judgeLeaving } from './judge-leaving.ts';
import { misplacedPlans } from './judge-plans.ts';
import { judgePrices } from './judge-prices.ts';
import { judgeSweep, notedUnsent } from './judge-sweep.ts';
import type { Neglect } from './neglect.ts';
import { drainEnd, FRESH_MS, isLeftToEc2, isRunningOn, isSaidToBeGone, SILENT_MS, silentMs } from './what-items-say.ts';

/** From the design and reliability F, with a second for the rounding of wakes. */
const BOOT_MS = 600_000;
const WAKE_ROUNDING_MS = 1_500;
const WAKE_DELAY_MS_MAX = 900_000;

/** Tasks that a machine still has, of those that it had when it was read. */
const stillRunning = (life: Life, { instanceId, leases }: InstanceRecord): TaskId[] =>
  (Object.entries(leases) as [TaskId, number][])
    .filter(([id, attempt]) => isRunningOn(life.memory.tasks.rows.get(id), instanceId, attempt))
    .map(([id]) => id);

const neglectedReleases = (
  life: Life,
  settings: FleetSettings,
  { value: record, at }: Seen<InstanceRecord>,
  { wakesAt, isWokenAtOnce }: FleetDeeds,
): Neglect[] => {
  const tasks = stillRunning(life, record);
  if (tasks.length === 0) return [];
  const held = `${tasks.join(' ')} still on ${record.instanceId}`;
  if (isSaidToBeGone(record)) return [{ promise: 'W4', found: `${held}, which was seen to be gone` }];
  if (record.drainingAt === undefined) {
    const drains = life.memory.instances.records.get(record.instanceId)?.drainingAt !== undefined;
    const isSilent = record.session !== undefined && silentMs(record, at) >= SILENT_MS;
    return isSilent && !drains ? [{ promise: 'W4', found: `${held}, which was seen to be silent` }] : [];
  }
  if (silentMs(record, at) >= FRESH_MS) return [{ promise: 'W4', found: `${held}, which drains and is not heard` }];
  const by = drainEnd(record, record.drainingAt, settings.drain) - secondsToMs(settings.drain.marginSeconds);
  if (at >= by) return [{ promise: 'W4', found: `${held}, which has no time left` }];
  // Its time may have passed before the run came to ask.
  const isLookedAtAgain = isWokenAtOnce || wakesAt.some((wakeAt) => wakeAt <= by + WAKE_ROUNDING_MS);
  return isLookedAtAgain || by - at > WAKE_DELAY_MS_MAX
    ? []
    : [{ promise: 'W4', found: `${held}, and nobody looks again before its end` }];
};

const ENDING_KINDS: readonly SignalKind[] = [
  'spot-interruption',
  'state-shutting-down',
  'state-stopped',
  'state-terminated',
];

/** The longest that a run of the signals function takes, and a second. */
const HANDLING_MS = 6_000;

/** Tasks of a machine that ends and is not heard, when the signal that says so is acknowledged (O1). */
export const notActedOn = (life: Life, id: InstanceId, kind: SignalKind): readonly TaskId[] => {
  const record = life.memory.instances.records.get(id);
  if (record?.drainingAt === undefined || !ENDING_KINDS.includes(kind)) return [];
  return silentMs(record, life.clock.now()) < FRESH_MS + HANDLING_MS ? [] : stillRunning(life, record);
};

const neglectedEnding = ({ value: record, at }: Seen<InstanceRecord>, { ended }: FleetDeeds): Neglect[] => {
  const isDue =
    record.drainingAt !== undefined &&
    !isSaidToBeGone(record) &&
    Object.keys(record.leases).length === 0 &&
    silentMs(record, at) >= SILENT_MS &&
    !isLeftToEc2(record, at);
  return isDue && !ended.has(record.instanceId)
    ? [{ promise: 'N1', found: `${record.instanceId} is drained and silent, and was not ended` }]
    : [];
};

/** Nobody came, or nobody is heard for as long as any boot takes, or it is older than its fleet allows. */
const neglectedDrain = (
  life: Life,
  { maximumAgeSeconds }: FleetSettings,
  { value: record, at }: Seen<InstanceRecord>,
): Neglect[] => {
  if (record.drainingAt !== undefined || isSaidToBeGone(record)) return [];
  const ageMs = at - record.launchedAt;
  const isOver =
    silentMs(record, at) >= BOOT_MS ||
    (record.session === undefined && ageMs >= BOOT_MS) ||
    ageMs >= secondsToMs(maximumAgeSeconds);
  const drains = life.memory.instances.records.get(record.instanceId)?.drainingAt !== undefined;
  return isOver && !drains ? [{ promise: 'N1', found: `${record.instanceId} is of no use any more and stays` }] : [];
};

const isTrulyOurs = ({ truth }: Life, id: InstanceId): boolean => {
  const machine = truth.machines.get(id);
  return machine !== undefined && machine.isUntagged !== true && !truth.foreign.has(id);
};

/** Looked up and not searched: in a storm each reconcile asks about thousands of machines. */
const membersOf = ({ members }: FleetState): ReadonlySet<InstanceId> =>
  new Set(members.map(({ instanceId }) => instanceId));

/** What EC2 showed of the fleet: what lives is adopted, and what ended is closed, within this one reconcile. */
const neglectedMachines = async (
  life: Life,
  { fleet, described, reads, startedAt }: FleetDeeds,
): Promise<Neglect[]> => {
  const [before, after] = reads;
  // It never got so far as to look at what it had found.
  if (before === undefined || after === undefined) return [];
  const { records } = life.memory.instances;
  const members = membersOf(await life.memory.fleets.read(fleet));
  const membersBefore = membersOf(before);
  return described.flatMap(({ instanceId, state, launchedAt }): Neglect[] => {
    const record = records.get(instanceId);
    if (!isTrulyOurs(life, instanceId) || launchedAt >= startedAt) return [];
    const isMember = members.has(instanceId);
    // Another reconcile may close it meanwhile, and a third, by an answer from before that, give it its place back.
    const isLeft = record?.goneAt === undefined || (isMember && record.goneAt < startedAt);
    if (state === 'terminated' && membersBefore.has(instanceId) && isLeft) {
      return [{ promise: 'N1', found: `${instanceId} was seen to have ended, and its run is not closed` }];
    }
    // Its proof may have been given up while EC2 left it out of an answer.
    const mayBeUnproven = life.faults.counts.F101 !== undefined;
    const isOwned = record !== undefined && (record.goneAt !== undefined || isMember);
    return state === 'running' && !isOwned && !mayBeUnproven
      ? [{ promise: 'N1', found: `${instanceId} was seen, and is nobody's after a whole reconcile` }]
      : [];
  });
};

const isSameRow = (one: TaskRecord, other: TaskRecord): boolean =>
  one.status === other.status && one.attempt === other.attempt && one.checkAt === other.checkAt;

/** Every row that was due has been dealt with: given to somebody, sent again, or put off; those of a watched fleet stay. */
const neglectedRows = (life: Life, { due, rows }: Deeds, watched: ReadonlySet<FleetName>): Neglect[] =>
  [...due].flatMap((id): Neglect[] => {
    const now = life.memory.tasks.rows.get(id);
    const read = rows.get(id);
    if (now?.checkAt === undefined || watched.has(now.fleet)) return [];
    if (read === undefined) return [{ promise: 'W1', found: `${id} was due, and nobody looked at it` }];
    const isDue = read.value.checkAt !== undefined && read.value.checkAt <= read.at;
    return isDue && isSameRow(now, read.value) ? [{ promise: 'W1', found: `${id} was due, and nothing was done` }] : [];
  });

const neglectedMessages = (life: Life, { released, sent }: Deeds): Neglect[] =>
  [...released]
    .filter((id) => !sent.has(id) && life.memory.tasks.rows.get(id)?.status === 'ready')
    .map((id) => ({ promise: 'W1', found: `${id} was released, and no message tells of it` }));

/** Its lease was what it could be found by (O2). */
const neglectedDead = (life: Life, { foundDead, sent }: Deeds): Neglect[] =>
  [...foundDead]
    .filter((id) => !sent.has(id) && !life.memory.deadLetters.sent.some(({ taskId }) => taskId === id))
    .map((id) => ({
      promise: 'O2',
      found: `${id} is dead and copied nowhere, was let go, and no message tells of it`,
    }));

const neglectedWake = ({ drained, wakesAt }: FleetDeeds): Neglect[] =>
  drained.length > 0 && wakesAt.length === 0
    ? [{ promise: 'O1', found: `${drained.join(' ')} began to drain, and nobody woke the fleet` }]
    : [];

/**
 * Items that it had to decide about: of a reconcile those of its members, whatever else it read on the way. It decides after
 * its first look at the fleet: one that another reconcile has ended, and taken from the fleet by then, is not its to end.
 */
const decidedAbout = (kind: 'signals' | 'reconcile', { seen, reads }: FleetDeeds): readonly Seen<InstanceRecord>[] => {
  if (kind === 'signals') return seen;
  const [, ...later] = reads;
  const looks = later.map(membersOf);
  const isThere = (id: InstanceId): boolean => looks.every((members) => members.has(id));
  const members = (later[0]?.members ?? []).filter(({ instanceId }) => isThere(instanceId));
  const byId = new Map(seen.map((one) => [one.value.instanceId, one]));
  return members.flatMap(({ instanceId }) => byId.get(instanceId) ?? []);
};

const neglectedOf = async (
  life: Life,
  kind: 'signals' | 'reconcile',
  deeds: FleetDeeds,
  settings: FleetSettings,
): Promise<readonly Neglect[]> => {
  const seen = decidedAbout(kind, deeds);
  if (settings.mode === 'observe') return kind === 'signals' ? [] : neglectedWatch(life, deeds, settings, seen);
  const releases = seen.flatMap((one) => neglectedReleases(life, settings, one, deeds));
  if (kind === 'signals') return [...releases, ...neglectedWake(deeds)];
  const ownMachines =
    settings.mode === 'manage'
      ? [
          ...seen.flatMap((one) => [...neglectedEnding(one, deeds), ...neglectedDrain(life, settings, one)]),
          ...neglectedIntents(deeds, life.clock.now()),
          ...unclosedIntents(deeds, (await life.memory.fleets.read(settings.fleet)).head),
          ...unexplained(deeds),
        ]
      : neglectedGroups(life, deeds, settings, seen);
  return [...releases, ...ownMachines, ...(await neglectedMachines(life, deeds))];
};

/** The loser stops, and has the fleet looked at once more (design, section 3). */
const neglectedLoss = ({ lost, wakes }: Deeds): Neglect[] =>
  [...lost]
    .filter((fleet) => !wakes.some((wake) => wake.fleet === fleet))
    .map((fleet) => ({ promise: 'O1', found: `it lost ${fleet} to another, and nobody looks again` }));

/** A wake says nothing but that a fleet is to be looked at, and the schedule looks at all. */
const neglectedFleets = ({ fleetReads }: Deeds): Neglect[] =>
  fleetReads.length === 0 ? [{ promise: 'O1', found: 'it was woken, and has not looked at any fleet' }] : [];

const judgePurchases = ({ lacking }: Life, deeds: Deeds, settings: readonly FleetSettings[]): readonly Neglect[] =>
  settings
    .filter(({ mode }) => mode === 'manage')
    .flatMap((one) => judgeBuying(deeds, deeds.compared.get(one.fleet), one, lacking));

/**
 * What a run of a function has left undone, although nothing failed that it asked for. Whatever is mended a minute later by
 * the schedule is never missed in the end: so each run is held to its whole duty, and what it saw is what it had to act on.
 */
export const neglected = async (
  life: Life,
  kind: 'signals' | 'reconcile',
  deeds: Deeds,
  settings: readonly FleetSettings[],
): Promise<readonly Neglect[]> => {
  const bought = kind === 'reconcile' ? judgePurchases(life, deeds, settings) : [];
  if (deeds.failures > 0) return notedUnsent(deeds);
  const found: Neglect[] = [
    ...misplacedPlans(life, deeds),
    ...neglectedMessages(life, deeds),
    ...neglectedDead(life, deeds),
    ...judgeHomeless(deeds, ({ instanceId }) => life.memory.instances.records.get(instanceId)),
  ];
  const watched = new Set([...settings].filter(({ mode }) => mode === 'observe').map(({ fleet }) => fleet));
  for (const one of settings) found.push(...(await neglectedOf(life, kind, deedsFor(deeds, one.fleet), one)));
  if (kind === 'signals') return found;
  const managed = settings.filter(({ mode }) => mode === 'manage');
  const leaving = managed.flatMap(({ fleet }) => {
    const compared = deeds.compared.get(fleet);
    const prices = judgePrices(deeds, fleet, compared?.capacity);
    return [...prices, ...judgeLeaving(deeds, compared), ...(managed.length === 1 ? judgeBoots(deeds, compared) : [])];
  });
  const rows = [...neglectedRows(life, deeds, watched), ...judgeSweep(life, deeds, watched)];
  return [...found, ...rows, ...neglectedFleets(deeds), ...neglectedLoss(deeds), ...leaving, ...bought];
};
