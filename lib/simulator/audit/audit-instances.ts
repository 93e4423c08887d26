import { changeBreaches, ENDS_LATER, OBSERVED } from '../../audit/instance-model.ts';
import type { FleetMode, FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import { ATTACHED, type InstanceRecord } from '../../fleet/instance.ts';
import { SIGNAL_GRAVITY, type Signal, type SignalKind } from '../../fleet/signal.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { Caller } from '../life/caller.ts';
import type { Trace } from '../life/trace.ts';
import type { Truth } from '../life/truth.ts';
import type { MemoryInstanceStore } from '../ports/memory-instance-store.ts';
import { describeChange, describeLeases, marksOf } from './context.ts';
import type { Judge } from './promises.ts';
import { isAnnouncedToEnd, silentMs } from './what-items-say.ts';

export interface InstanceAuditWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly trace: Trace;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly instances: MemoryInstanceStore;
  /** `<machine>/<task>/<attempt>` of every hold that was granted. */
  readonly granted: Set<string>;
  /** A fleet's part of the fleet file, as whoever acts was told it. */
  readonly settingsOf: (fleet: FleetName, by: Caller | undefined) => FleetSettings;
}

/** Beyond this silence, and before an agent ever came, the control plane may end a machine that nobody drained. */
const BOOT_MS = 599_000;

/** EC2 warns two minutes before at the earliest. */
const NOTICE_MS = 120_000;

/** What a function writes of its own accord is for the next one to act on: this one goes on by what it had read. */
const isOwnWord = ({ kind }: Signal): boolean => kind === 'operator-drain' || kind === 'leave';

/** What a machine's metadata service tells is told as an event as well, however late. */
const TOLD_ON_MACHINE: readonly SignalKind[] = [
  'spot-interruption',
  'rebalance-recommendation',
  'scheduled-change',
  'lifecycle-terminating',
];

/** A call of a function takes seconds, and the function a minute; an agent may have stood still in between. */
const INVOCATION_MS = 60_000;
const STANDSTILL_MS = 900_000;

/** An agent that stood still, or between two heartbeats, goes by the item that it had. */
const STALE_ITEM_MS = 330_000;

/** So long without a readable item, and its agent ends the machine; its last beat may have been lost on the way. */
const DEAD_MAN_MS = 880_000;

/** Whoever is asked to stop gives its tasks a minute and a half. */
const STOP_MS_LEAST = 89_000;

/** A signal is tried for some six seconds, each call for up to nine. */
const DECIDED_AGO_MS = 30_000;

/** What nothing but a heartbeat changes is not worth a line. */
const isQuiet = (before: InstanceRecord, after: InstanceRecord): boolean =>
  before.leases === after.leases &&
  before.signals === after.signals &&
  before.session === after.session &&
  before.goneAt === after.goneAt;

/** Judges every change of every machine's item. */
export const auditInstances = (world: InstanceAuditWorld): InstanceStore => {
  const { judge, truth, instances, trace } = world;
  const calledBack = new Map<InstanceId, EpochMs>();
  /** When an announced end of each was last called off. */
  const calledOff = new Map<InstanceId, EpochMs>();
  /** When each was heard again that had not been heard for so long that its agent ends it. */
  const heardAgain = new Map<InstanceId, EpochMs>();

  const settingsOf = ({ fleet }: InstanceRecord): FleetSettings => world.settingsOf(fleet, world.acting.by);
  const drainsWhenAdvised = (record: InstanceRecord): boolean => settingsOf(record).drain.rebalance === 'drain';

  const noteGranted = (before: InstanceRecord, after: InstanceRecord): void => {
    if (after.leases === before.leases) return;
    const added = (Object.keys(after.leases) as TaskId[]).filter((id) => after.leases[id] !== before.leases[id]);
    for (const id of added) world.granted.add(`${after.instanceId}/${id}/${after.leases[id]}`);
  };

  /** Machines that somebody else launched are drained for a deadline, and never for their silence or age. */
  const mayMark = (before: InstanceRecord, mode: FleetMode): boolean => {
    if (mode === 'observe') return false;
    if (mode === 'attach') return isAnnouncedToEnd(before);
    const now = world.now();
    const silentMs = now - (before.heartbeatAt ?? before.launchedAt);
    const holdsNothing = Object.keys(before.leases).length === 0;
    const { maximumAgeSeconds } = settingsOf(before);
    const isOld = now - before.launchedAt >= maximumAgeSeconds * 1_000 - 1_000;
    return (
      silentMs >= BOOT_MS || isOld || (before.signals.leave !== undefined && holdsNothing) || isAnnouncedToEnd(before)
    );
  };

  /** A fleet file may say that a recommendation drains. */
  const isAdvised = (before: InstanceRecord): boolean =>
    drainsWhenAdvised(before) && before.signals['rebalance-recommendation'] !== undefined;

  /** Silence, windows and memories are measured from these: they are the clock's of whoever writes, not the sender's. */
  const judgeStamps = ({ kind }: Signal, before: InstanceRecord, after: InstanceRecord | undefined): void => {
    const recordedAt = before.signals[kind] === undefined ? after?.signals[kind]?.recordedAt : undefined;
    const drainingAt = before.drainingAt === undefined ? after?.drainingAt : undefined;
    const now = world.now();
    const oldest = now - (world.acting.by?.kind === 'agent' ? STANDSTILL_MS : INVOCATION_MS);
    for (const at of [recordedAt, drainingAt]) {
      if (at === undefined || (at <= now && at >= oldest)) continue;
      judge.say('W4', `${kind} of ${before.instanceId} is written at ${now}, and stamped ${at}`);
    }
  };

  /** An agent ends its machine because it was asked to stop, or leaves and holds nothing, or for its age, or where nobody could tell it anything. */
  const mayStop = (before: InstanceRecord, givenMs: number): boolean => {
    const now = world.now();
    const isOld = now - before.launchedAt >= settingsOf(before).maximumAgeSeconds * 1_000 - 2_000;
    // It may have decided so before its last heartbeat came through after all.
    const heardAgainAt = heardAgain.get(before.instanceId) ?? Number.NEGATIVE_INFINITY;
    // What its agent gave up may be written minutes later: the item is fresh then, and the agent knows nothing of it.
    const { aliveAt = now, stopsAsked = 0 } = truth.machines.get(before.instanceId) ?? {};
    const isSilent = silentMs(before, now) >= DEAD_MAN_MS || now - aliveAt >= DEAD_MAN_MS;
    const isCutOff = isSilent || now - heardAgainAt < DECIDED_AGO_MS;
    const isIdle = Object.keys(before.leases).length === 0;
    const calledBackAt = calledBack.get(before.instanceId) ?? Number.NEGATIVE_INFINITY;
    const isLeaving = (before.signals.leave !== undefined || now - calledBackAt < STALE_ITEM_MS) && isIdle;
    const calledOffAt = calledOff.get(before.instanceId) ?? Number.NEGATIVE_INFINITY;
    const isEnding = isAnnouncedToEnd(before) || now - calledOffAt < STALE_ITEM_MS;
    const isDue = before.drainingAt !== undefined || isEnding || isAdvised(before);
    return isLeaving || isOld || isCutOff || isDue || (stopsAsked > 0 && givenMs >= STOP_MS_LEAST);
  };

  const judgeSignal = ({ kind, instanceId, at, deadline }: Signal, before: InstanceRecord): void => {
    const { by } = world.acting;
    const isTimely = deadline !== undefined && deadline <= at + NOTICE_MS;
    if (kind === 'spot-interruption' && !isTimely) judge.say('W4', `${instanceId} is given longer than EC2 gives it`);
    // The event names no deadline: it is two minutes, of whatever was told on the machine itself nothing is known here.
    const isCutShort = by?.kind !== 'agent' && deadline !== undefined && deadline < at + NOTICE_MS;
    if (kind === 'spot-interruption' && isCutShort) judge.say('W4', `${instanceId} is given less than EC2 gives it`);
    if (by === undefined || before.signals[kind] !== undefined) return;
    const machine = truth.machines.get(instanceId);
    if (ENDS_LATER.includes(kind) && deadline !== machine?.announcedEnd)
      judge.say('W4', `${instanceId} is to end at ${machine?.announcedEnd}, and ${kind} says ${deadline}`);
    if (by.kind === 'agent') {
      if (by.machine !== instanceId) judge.say('S1', `${by.name} wrote ${kind} on ${instanceId}`);
      if (TOLD_ON_MACHINE.includes(kind) && !truth.told.has(`${instanceId}/${kind}`))
        judge.say('N2', `the agent of ${instanceId} writes ${kind}, which nobody has told it`);
      if (kind === 'machine-stopping' && !mayStop(before, (deadline ?? at) - at))
        judge.say('N2', `the agent of ${instanceId} ends it, and nothing asks for that`);
      return;
    }
    if (truth.told.has(`${instanceId}/${kind}`)) return;
    const hasEnded = machine?.endedBy !== undefined || machine?.isStopped === true;
    // One whose tags somebody took is no longer ours, and given up once it is silent for long.
    const isLost = machine?.isUntagged === true && world.now() - (before.heartbeatAt ?? before.launchedAt) >= BOOT_MS;
    if (OBSERVED.includes(kind) && by.kind !== 'signals' && (hasEnded || isLost)) return;
    const { mode } = settingsOf(before);
    if (kind === 'leave' && by.kind === 'reconcile' && mode === 'manage') return;
    // An agent that comes in the moment between is no mistake of whoever had read.
    const read = by.memo.records.get(instanceId) ?? before;
    const mayDrain = mayMark(before, mode) || mayMark(read, mode) || (mode !== 'observe' && isAdvised(before));
    if (kind === 'operator-drain' && mayDrain) return;
    const promise = SIGNAL_GRAVITY[kind] === 'ends' ? 'N2' : 'S1';
    judge.say(promise, `${kind} was recorded on ${instanceId} by ${by.kind}, and nobody who may had told it`);
  };

  /** One that is taken for our own would be ended like our own. */
  const judgeAdoption = (record: InstanceRecord): void => {
    const { instanceId, intentId, fleet } = record;
    const machine = truth.machines.get(instanceId);
    if (machine !== undefined && machine.fleet !== fleet)
      judge.say('N2', `${instanceId} of ${machine.fleet} is taken for a machine of ${fleet}`);
    if ((settingsOf(record).mode === 'manage') === (intentId !== ATTACHED)) return;
    judge.say('N2', `${instanceId} is taken for ${intentId === ATTACHED ? 'somebody else’s' : 'our own'}`);
  };

  const judgeChange = (before: InstanceRecord | undefined, after: InstanceRecord | undefined, id: InstanceId) => {
    if (before === after) return;
    if (truth.foreign.has(id)) judge.say('N2', `${id} is not ours and has an item`);
    if (after === undefined) return judge.say('N1', `the item of ${id} is gone`);
    if (before === undefined) {
      trace.note(world.acting.by?.name ?? 'world', `item of ${id} written`);
      judgeAdoption(after);
      return;
    }
    for (const { promise, found } of changeBreaches(before, after, { drainsWhenAdvised: drainsWhenAdvised(after) })) {
      judge.say(promise, `${id}: ${found}`);
    }
    const machine = truth.machines.get(id);
    if (after.goneAt !== undefined && before.goneAt === undefined && machine !== undefined) {
      if (machine.endedBy === undefined && machine.isStopped !== true && !machine.isUntagged)
        judge.say('N1', `${id} lives and is called gone`);
    }
    noteGranted(before, after);
    if (after.heartbeatAt !== undefined && silentMs(before, after.heartbeatAt) >= DEAD_MAN_MS)
      heardAgain.set(id, world.now());
    if (before.signals.leave !== undefined && after.signals.leave === undefined) calledBack.set(id, world.now());
    if (isAnnouncedToEnd(before) && !isAnnouncedToEnd(after)) calledOff.set(id, world.now());
    if (isQuiet(before, after)) return;
    const told = [`${Object.keys(after.leases).length} held`, ...marksOf(after)];
    trace.note(
      world.acting.by?.name ?? 'world',
      `${id}: ${told.join(', ')}`,
      () => `[${describeChange(before, after)}]`,
    );
  };

  const leasesOf = (id: InstanceId): InstanceRecord['leases'] => instances.records.get(id)?.leases ?? {};

  const tellRefused = (id: InstanceId, answer: ReturnType<InstanceStore['changeLeases']>): void => {
    const by = world.acting.by?.name ?? 'world';
    void answer.then((outcome) => {
      if (outcome.outcome === 'done') return;
      trace.tell(
        by,
        () => `change of the leases of ${id} refused: ${outcome.because} (${describeLeases(leasesOf(id))})`,
      );
    });
  };

  const audited: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(instances) as [string, unknown][]) {
    if (typeof member !== 'function') continue;
    audited[name] = (...args: readonly unknown[]) => {
      const [first] = args as [InstanceId | { readonly instanceId: InstanceId }];
      const id = typeof first === 'string' ? first : first.instanceId;
      const before = instances.records.get(id);
      const answer: unknown = member(...args);
      const after = instances.records.get(id);
      if (name === 'recordSignal' && !isOwnWord(first as Signal)) world.acting.by?.memo.records.set(id, after);
      if (name === 'recordSignal' && after?.drainingAt !== undefined) world.acting.by?.memo.drained.add(id);
      if (name === 'recordSignal' && before !== undefined) {
        judgeSignal(first as Signal, before);
        judgeStamps(first as Signal, before, after);
      }
      judgeChange(before, after, id);
      if (name === 'changeLeases') tellRefused(id, answer as ReturnType<InstanceStore['changeLeases']>);
      const { by } = world.acting;
      if (by?.kind === 'agent' && by.machine !== id && before !== after) judge.say('S1', `${by.name} changed ${id}`);
      return answer;
    };
  }
  return audited as unknown as InstanceStore;
};
