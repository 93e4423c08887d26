import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { SIGNAL_GRAVITY, type Signal, type SignalKind } from '../../fleet/signal.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { Caller } from '../life/caller.ts';
import type { Trace } from '../life/trace.ts';
import type { Truth } from '../life/truth.ts';
import type { MemoryInstanceStore } from '../ports/memory-instance-store.ts';
import type { Judge } from './promises.ts';

export interface InstanceAuditWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly trace: Trace;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly instances: MemoryInstanceStore;
  /** `<machine>/<task>/<attempt>` of every hold that was granted. */
  readonly granted: Set<string>;
  readonly maximumAgeSeconds: () => number;
  readonly drainsWhenAdvised: () => boolean;
}

/** Beyond this silence, and before an agent ever came, the control plane may end a machine that nobody drained. */
const BOOT_MS = 599_000;

/** Kinds that EC2's own description tells. */
const OBSERVED: readonly SignalKind[] = [
  'state-stopping',
  'state-stopped',
  'state-shutting-down',
  'state-terminated',
  'bid-evicted',
  'terminated-by-request',
  'shut-down-by-itself',
];

const ENDS: readonly SignalKind[] = [
  ...OBSERVED,
  'spot-interruption',
  'scheduled-change',
  'capacity-reservation-interruption',
  'lifecycle-terminating',
  'machine-stopping',
  'operator-drain',
];

/** What nothing but a heartbeat changes is not worth a line. */
const isQuiet = (before: InstanceRecord, after: InstanceRecord): boolean =>
  before.leases === after.leases &&
  before.signals === after.signals &&
  before.session === after.session &&
  before.goneAt === after.goneAt;

/** Judges every change of every machine's item. */
export const auditInstances = (world: InstanceAuditWorld): InstanceStore => {
  const { judge, truth, instances, trace } = world;

  const judgeLeases = (before: InstanceRecord, after: InstanceRecord): void => {
    const added = (Object.keys(after.leases) as TaskId[]).filter((id) => after.leases[id] !== before.leases[id]);
    if (added.length === 0) return;
    const closed = before.drainingAt ?? before.goneAt;
    if (closed !== undefined) judge.say('N6', `${added.join(' ')} held on ${after.instanceId}, which drains`);
    if (before.signals.leave !== undefined)
      judge.say('N6', `${added.join(' ')} held on ${after.instanceId}, which leaves`);
    for (const id of added) world.granted.add(`${after.instanceId}/${id}/${after.leases[id]}`);
  };

  const mayMark = (before: InstanceRecord): boolean => {
    const now = world.now();
    const silentMs = now - (before.heartbeatAt ?? before.launchedAt);
    const holdsNothing = Object.keys(before.leases).length === 0;
    const isOld = now - before.launchedAt >= world.maximumAgeSeconds() * 1_000 - 1_000;
    return silentMs >= BOOT_MS || isOld || (before.signals.leave !== undefined && holdsNothing) || hasDeadline(before);
  };

  /** A fleet file may say that a recommendation drains. */
  const isAdvised = (before: InstanceRecord): boolean =>
    world.drainsWhenAdvised() && before.signals['rebalance-recommendation'] !== undefined;

  const hasDeadline = (before: InstanceRecord): boolean => before.signals['scheduled-change'] !== undefined;

  const judgeSignal = ({ kind, instanceId }: Signal, before: InstanceRecord): void => {
    const { by } = world.acting;
    if (by === undefined || before.signals[kind] !== undefined) return;
    const machine = truth.machines.get(instanceId);
    if (by.kind === 'agent') {
      if (by.machine !== instanceId) judge.say('S1', `${by.name} wrote ${kind} on ${instanceId}`);
      return;
    }
    if (truth.told.has(`${instanceId}/${kind}`)) return;
    const hasEnded = machine?.endedBy !== undefined || machine?.isStopped === true;
    if (OBSERVED.includes(kind) && (hasEnded || world.now() - (before.heartbeatAt ?? before.launchedAt) >= BOOT_MS))
      return;
    if (kind === 'leave' && by.kind === 'reconcile') return;
    if (kind === 'operator-drain' && (mayMark(before) || isAdvised(before))) return;
    const promise = SIGNAL_GRAVITY[kind] === 'ends' ? 'N2' : 'S1';
    judge.say(promise, `${kind} was recorded on ${instanceId} by ${by.kind}, and nobody who may had told it`);
  };

  /** What ends a machine drains it, and nothing else does (design, section 3). */
  const judgeDraining = (before: InstanceRecord, after: InstanceRecord): void => {
    if (after.drainingAt === undefined && after.signals['spot-interruption'] !== undefined) {
      judge.say('N6', `${after.instanceId} is warned and does not drain`);
    }
    if (after.drainingAt === undefined || before.drainingAt !== undefined) return;
    const drains = (kind: SignalKind): boolean =>
      ENDS.includes(kind) || (kind === 'rebalance-recommendation' && world.drainsWhenAdvised());
    if (!(Object.keys(after.signals) as SignalKind[]).some(drains)) {
      judge.say('N2', `${after.instanceId} drains and nothing ends it`);
    }
  };

  const judgeChange = (before: InstanceRecord | undefined, after: InstanceRecord | undefined, id: InstanceId) => {
    if (before === after) return;
    if (truth.foreign.has(id)) judge.say('N2', `${id} is not ours and has an item`);
    if (after === undefined) return judge.say('N1', `the item of ${id} is gone`);
    if (before === undefined) {
      trace.note(world.acting.by?.name ?? 'world', `item of ${id} written`);
      return;
    }
    if (before.drainingAt !== undefined && after.drainingAt !== before.drainingAt) {
      judge.say('N5', `${id} drained and does not any more`);
    }
    if (before.session !== undefined && after.session !== before.session) judge.say('N6', `${id} has another session`);
    const machine = truth.machines.get(id);
    if (after.goneAt !== undefined && before.goneAt === undefined && machine !== undefined) {
      if (machine.endedBy === undefined && machine.isStopped !== true && !machine.isUntagged)
        judge.say('N1', `${id} lives and is called gone`);
    }
    judgeLeases(before, after);
    judgeDraining(before, after);
    if (isQuiet(before, after)) return;
    const told = [
      `${Object.keys(after.leases).length} held`,
      ...(after.drainingAt === undefined ? [] : ['draining']),
      ...(after.goneAt === undefined ? [] : ['gone']),
      ...Object.keys(after.signals),
    ];
    trace.note(world.acting.by?.name ?? 'world', `${id}: ${told.join(', ')}`);
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
      if (name === 'recordSignal') world.acting.by?.memo.records.set(id, after);
      if (name === 'recordSignal' && before !== undefined) judgeSignal(first as Signal, before);
      judgeChange(before, after, id);
      const { by } = world.acting;
      if (by?.kind === 'agent' && by.machine !== id && before !== after) judge.say('S1', `${by.name} changed ${id}`);
      return answer;
    };
  }
  return audited as unknown as InstanceStore;
};
