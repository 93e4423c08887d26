import { endingBreaches } from '../../audit/instance-model.ts';
import type { FleetState, Intent } from '../../fleet/fleet.ts';
import type { FleetName, InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { FleetStore } from '../../ports/fleets.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { LaunchAnswer, LaunchRequest, Machines } from '../../ports/machines.ts';
import type { MoneyLedger } from '../../ports/money.ts';
import type { Faults } from '../faults/faults.ts';
import type { Caller } from '../life/caller.ts';
import type { Trace } from '../life/trace.ts';
import type { Truth } from '../life/truth.ts';
import { describeMachine } from './context.ts';
import { judgeOrders } from './judge-orders.ts';
import { runBreaches } from './judge-run.ts';
import { knownRefusals } from './known-refusals.ts';
import { watchGenerations } from './lost-generations.ts';
import type { Judge } from './promises.ts';
import { isEndedForNothing, silentMs } from './what-items-say.ts';

export interface FleetAuditWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly fleets: FleetStore;
  readonly machines: Machines;
  readonly money: MoneyLedger;
  readonly recordOf: (id: InstanceId) => InstanceRecord | undefined;
}

/** Reliability B17: a token may be repeated for this long. */
const TOKEN_MS = 600_000;

/** Somebody has to mend a permission: until then asking again would only fill a log. */
const REPAIR_MS = 590_000;

const isForbidden = ({ refusals }: Extract<LaunchAnswer, { readonly answered: true }>): boolean =>
  refusals.some((refusal) => refusal.class === 'authorisation');

/** Judges what is asked of EC2, what is ended there, and what the money ledger is told. */
export const auditFleet = (world: FleetAuditWorld) => {
  const { judge, truth, trace, faults } = world;
  /** What each caller last read of its fleet: what it may ask for is judged by that. */
  const reads = new WeakMap<Caller, { readonly state: FleetState; readonly readAt: EpochMs }>();
  const byToken = new Map<string, { readonly bytes: string; readonly openedAt: EpochMs; readonly count: number }>();
  const opened = new Map<string, { readonly at: EpochMs; readonly fleet: FleetName }>();
  const refusals = knownRefusals(world.now);
  const generations = watchGenerations();
  const closedIntents = new Set<string>();
  const closedRuns = new Map<InstanceId, { readonly at: EpochMs; readonly by: string }>();
  const forbiddenAt = new Map<FleetName, EpochMs>();
  /**
   * Launches that each caller heard to be refused for a permission. It counts once that caller closes the intent with it:
   * whoever crashes before has to ask once more, and who repeats a launch that another has closed has nothing to write.
   */
  const forbidden = new WeakMap<Caller, Set<string>>();

  const judgeAsking = (by: Caller, fleet: FleetName, open: readonly Intent[]) => {
    const { records, drained } = by.memo;
    const settings = by.memo.settings?.get(fleet);
    const backlog = by.memo.backlogs.get(fleet);
    const read = reads.get(by);
    if (settings === undefined || backlog === undefined || read?.state.head.fleet !== fleet) {
      return judge.say('N3', 'machines were asked for without looking at backlog and members');
    }
    const refusedAt = forbiddenAt.get(fleet);
    if (refusedAt !== undefined && world.now() < refusedAt + REPAIR_MS) {
      judge.say('O2', 'machines were asked for again soon after EC2 refused for a permission (F84)');
    }
    const known = { ...read, records, settings };
    const breaches = judgeOrders({ read: known, drained, now: world.now(), backlog, open }, refusals.byPool);
    for (const { promise, found } of breaches) judge.say(promise, found);
  };

  const actorName = (): string => world.acting.by?.name ?? 'world';

  const judgePlace = (fleet: FleetName, id: InstanceId): void => {
    const machine = truth.machines.get(id);
    if (machine === undefined || machine.fleet === fleet) return;
    judge.say('N2', `a place of ${id} of ${machine.fleet} in ${fleet}`);
  };

  const fleets: FleetStore = {
    ...world.fleets,
    read: async (fleet) => {
      const { by } = world.acting;
      const state = await world.fleets.read(fleet);
      if (by !== undefined) reads.set(by, { state, readAt: world.now() });
      return state;
    },
    changeHead: async (fleet, generationRead, change) => {
      const { by } = world.acting;
      const outcome = await world.fleets.changeHead(fleet, generationRead, change);
      const open = change.open ?? [];
      if (outcome === 'done') generations.written(fleet, generationRead, by);
      else if (generations.isLostToItself(fleet, generationRead, by))
        judge.say('O2', `${fleet} was read before it was changed, and what is to be launched is written for nothing`);
      if (outcome === 'lost' || open.length === 0) return outcome;
      for (const { intentId, count, purchase, reason } of open) {
        opened.set(intentId, { at: world.now(), fleet });
        trace.note(by?.name ?? 'world', `asks for ${count} ${purchase} (${intentId.slice(0, 6)}): ${reason}`);
      }
      if (by !== undefined) judgeAsking(by, fleet, open);
      return outcome;
    },
    closeIntent: async (fleet, id, learned) => {
      const { by } = world.acting;
      const isForbiddenTo = by !== undefined && forbidden.get(by)?.has(id) === true;
      if (isForbiddenTo && !closedIntents.has(id)) forbiddenAt.set(fleet, world.now());
      if (by !== undefined && !closedIntents.has(id)) refusals.closed(by, id);
      if (opened.has(id) && !closedIntents.has(id)) generations.closed(fleet, by);
      closedIntents.add(id);
      trace.note(by?.name ?? 'world', `intent ${id.slice(0, 6)} is closed`);
      return world.fleets.closeIntent(fleet, id, learned);
    },
    addMember: async (fleet, member) => {
      judgePlace(fleet, member.instanceId);
      await world.fleets.addMember(fleet, member);
      const machine = truth.machines.get(member.instanceId);
      if (machine !== undefined) machine.hadPlace = true;
    },
    removeMember: async (fleet, id) => {
      judgePlace(fleet, id);
      trace.note(actorName(), `${id} has no place any more`);
      if (world.recordOf(id)?.goneAt === undefined) judge.say('N1', `${id} lost its place while it is not gone`);
      return world.fleets.removeMember(fleet, id);
    },
  };

  const judgeToken = (serialised: string, { token, count, fleet }: LaunchRequest): void => {
    const now = world.now();
    const intent = opened.get(token);
    const openedAt = intent?.at;
    if (intent !== undefined && intent.fleet !== fleet) judge.say('N4', `${token} of ${intent.fleet} for ${fleet}`);
    if (openedAt === undefined) judge.say('N4', `${token} was launched and is written nowhere`);
    else if (now > openedAt + TOKEN_MS + 60_000) judge.say('N4', `${token} was repeated ${now - openedAt} ms later`);
    const sent = byToken.get(token);
    if (sent !== undefined && sent.bytes !== serialised) judge.say('N4', `${token} was repeated with other bytes`);
    byToken.set(token, sent ?? { bytes: serialised, openedAt: now, count });
  };

  const judgeEnding = (id: InstanceId) => {
    const { by } = world.acting;
    if (truth.foreign.has(id)) return judge.say('N2', `${id} is not ours and was to be ended`);
    if (by?.kind !== 'reconcile') judge.say('N2', `${id} was to be ended by ${by?.kind}`);
    const record = world.recordOf(id);
    if (record === undefined) return judge.say('N2', `${id} was to be ended before it had an item`);
    // An agent that is heard again, or a warning that comes, in the moment between is no mistake of whoever had read.
    const read = by?.memo.records.get(id) ?? record;
    const now = world.now();
    for (const { promise, found } of endingBreaches(record, silentMs(read, now)))
      judge.say(promise, `${id} was ${found}`);
    const deadline = read.signals['spot-interruption']?.deadline;
    const isSpot = record.pool.purchase === 'spot';
    if (deadline !== undefined && isSpot && isEndedForNothing(deadline, record.launchedAt, now))
      judge.say('M1', `${id} would have cost nothing, left to EC2`);
  };

  const machines: Machines = {
    ...world.machines,
    launch: async (serialised) => {
      const { by } = world.acting;
      const request = JSON.parse(serialised) as LaunchRequest;
      judgeToken(serialised, request);
      const answer = await world.machines.launch(serialised);
      if (by !== undefined && answer.answered) refusals.answered(by, request, answer);
      if (by !== undefined && answer.answered && isForbidden(answer)) {
        forbidden.set(by, (forbidden.get(by) ?? new Set()).add(request.token));
      }
      const given = answer.answered
        ? answer.machines.map(({ instanceId }) => instanceId).join(' ') || 'nothing'
        : answer.code;
      trace.note(by?.name ?? 'world', `EC2 gives ${given}`);
      return answer;
    },
    describe: async (ids) => {
      const by = actorName();
      const machines = await world.machines.describe(ids);
      trace.tell(by, () => `asks EC2 for ${ids.join(' ')}: ${machines.map(describeMachine).join('; ') || 'not found'}`);
      return machines;
    },
    terminate: async (ids) => {
      for (const id of ids) judgeEnding(id);
      trace.note(actorName(), `ends ${ids.join(' ')}`);
      const outcome = await world.machines.terminate(ids);
      if (outcome.refused.length > 0) faults.met('F92', 'EC2');
      return outcome;
    },
  };

  const money: MoneyLedger = {
    ...world.money,
    putRun: async (run) => {
      const machine = truth.machines.get(run.instanceId);
      if (machine === undefined) judge.say('M2', `a run of ${run.instanceId}, which was never launched`);
      else if (machine.endedBy === undefined && !machine.isStopped && !machine.isUntagged)
        judge.say('M2', `the run of ${run.instanceId} is closed while it lives`);
      if (machine !== undefined && machine.fleet !== run.fleet)
        judge.say('M2', `the run of ${run.instanceId} of ${machine.fleet} is told to ${run.fleet}`);
      const read = world.acting.by?.memo.records.get(run.instanceId);
      const wrong = read === undefined ? [] : runBreaches(run, read, world.now());
      for (const found of wrong) judge.say('M2', `the run of ${run.instanceId}: ${found}`);
      closedRuns.set(run.instanceId, { at: world.now(), by: actorName() });
      trace.tell(actorName(), () => `closes the run of ${run.instanceId}, ended by ${run.endedBy}`);
      return world.money.putRun(run);
    },
  };

  const noteReading = ({ memo: { readings } }: Caller, id: InstanceId, record: InstanceRecord | undefined): void => {
    const known = readings.get(id);
    if (known === undefined) readings.set(id, [record]);
    else known.push(record);
  };

  /** Reads of items are remembered for whoever made them. */
  const rememberRecords = (instances: InstanceStore): InstanceStore => ({
    ...instances,
    get: (id) => {
      const { by } = world.acting;
      const record = world.recordOf(id);
      by?.memo.records.set(id, record);
      if (by?.kind === 'reconcile') noteReading(by, id, record);
      return instances.get(id);
    },
    markGone: (id, now) => {
      if (!closedRuns.has(id)) judge.say('M2', `${id} is called gone, and its run is not closed`);
      return instances.markGone(id, now);
    },
  });

  return { fleets, machines, money, rememberRecords, closedRuns };
};

export type FleetAudit = ReturnType<typeof auditFleet>;
