import { onceFor } from '../../decisions/once-for.ts';
import type { FleetState, Intent } from '../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId, IntentId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { PriceBoard } from '../../fleet/price-board.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { Backlog, WorkQueue } from '../../ports/queues.ts';
import type { World } from '../../workflows/world.ts';
import { lazyWorld } from '../lazy-world.ts';

/** Something that was read, and when its reader had it. */
export interface Seen<Value> {
  readonly value: Value;
  readonly at: EpochMs;
}

/** What a reconcile compares: the fleet as it was last read by then, and the work. */
export interface Compared {
  readonly state: FleetState;
  readonly backlog: Backlog;
  readonly capacity: CapacityPolicy;
  readonly at: EpochMs;
}

/** A task that was ready and due, and what was known by then to wait for its fleet. */
export interface Looked {
  readonly taskId: TaskId;
  readonly fleet: FleetName;
  readonly attempt: number;
  readonly at: EpochMs;
  readonly ageMs: number;
  readonly waiting: number | undefined;
}

/** A signal of a machine. */
export interface Told {
  readonly instanceId: InstanceId;
  readonly kind: SignalKind;
}

export const nameOfTold = ({ instanceId, kind }: Told): string => `${kind} of ${instanceId}`;

/** All that one run of a function has seen and done, as it saw it itself. */
export interface Deeds {
  readonly startedAt: EpochMs;
  /** Calls that failed: what was to be done may not have been done, and nobody is to blame. */
  failures: number;
  /** Those of them that nothing depends on: wakes, which the schedule makes up for. */
  harmlessFailures: number;
  /** Those that came before it read a fleet, or at rows: the next sweep looks again. */
  failuresOfSweep: number;
  /** It has asked for a fleet, whether it was answered or not. */
  hasAskedFleets: boolean;
  /** The index of due rows could not be read, so that no row is looked at. */
  hasNotSwept: boolean;
  /** Items as they were last read, or as a write on them answered. */
  readonly records: Map<InstanceId, Seen<InstanceRecord>>;
  readonly fleetReads: FleetState[];
  /** What each fleet's pools cost, as it was last read. */
  readonly boards: Map<FleetName, PriceBoard>;
  /** What EC2 listed of each fleet. */
  readonly described: Map<FleetName, readonly DescribedMachine[]>;
  readonly due: Set<TaskId>;
  /** Rows that were due, as they were first read after that: whoever reads one once more does so for another reason. */
  readonly rows: Map<TaskId, Seen<TaskRecord>>;
  /** Rows that are due later, looked at in case nobody else sends for them, as they were first read. */
  readonly later: Set<TaskId>;
  readonly laterRows: Map<TaskId, Seen<TaskRecord>>;
  readonly released: Set<TaskId>;
  /** Found dead under the attempt that was to be released: whoever had it may not have come to copy it. */
  readonly foundDead: Set<TaskId>;
  /** Tasks that were ready and put off, with what was known by then to wait for their fleet. */
  readonly putOff: Looked[];
  /** Those that were sent again. */
  readonly sentAgain: Looked[];
  /** Tasks that were sent again before they were due. */
  readonly sentAhead: Looked[];
  readonly sent: Set<TaskId>;
  readonly ended: Set<InstanceId>;
  /** Of whichever look at each fleet's backlog came last. */
  readonly compared: Map<FleetName, Compared>;
  /** Machines that it sent away, in their order, and those that it called back. */
  readonly sentAway: InstanceId[];
  readonly calledBack: InstanceId[];
  /** It stopped, because another has written its intents first. */
  hasLost: boolean;
  /** Fleets for which another had written what is to be launched. */
  readonly lost: Set<FleetName>;
  /** Launches that it has written, to be asked for. */
  readonly opened: { readonly fleet: FleetName; readonly intent: Intent }[];
  /** What EC2 was asked to launch, byte for byte, whether it answered or not. */
  readonly asked: Set<string>;
  /** Those of them that it answered. */
  readonly answered: Set<string>;
  /** It has found that boots fail, and asks for nothing for a while. */
  hasRested: boolean;
  /** Signals of machines that had no item, as far as that was not put right, and those that it kept for them. */
  readonly homeless: Map<string, Told>;
  readonly keptFor: Set<string>;
  /** What had been kept for machines, and was read for whoever gives them an item. */
  readonly claimed: Told[];
  /** Metrics that it has counted: what people are alarmed by. */
  readonly alarms: Set<string>;
  /** Machines that drain as a write of this run was answered, whoever was first. */
  readonly draining: Set<InstanceId>;
  /** Machines that began to drain by a write of this run. */
  readonly drained: Set<InstanceId>;
  /** Messages that waited, were in flight or delayed, as they were counted. */
  readonly backlogs: Map<FleetName, Backlog>;
  /** The most that was counted to wait for each fleet. */
  readonly waitingMost: Map<FleetName, number>;
  /** Plans that were kept, in words. */
  readonly plans: { readonly fleet: FleetName; readonly plan: string }[];
  /** When each fleet is to be woken, once for each asking. */
  readonly wakes: { readonly fleet: FleetName; readonly at: EpochMs; readonly isAtOnce: boolean }[];
}

export const noDeeds = (startedAt: EpochMs): Deeds => ({
  startedAt,
  failures: 0,
  harmlessFailures: 0,
  failuresOfSweep: 0,
  hasNotSwept: false,
  hasAskedFleets: false,
  records: new Map(),
  fleetReads: [],
  boards: new Map(),
  described: new Map(),
  backlogs: new Map(),
  waitingMost: new Map(),
  due: new Set(),
  rows: new Map(),
  later: new Set(),
  laterRows: new Map(),
  released: new Set(),
  foundDead: new Set(),
  putOff: [],
  sentAgain: [],
  sentAhead: [],
  sent: new Set(),
  ended: new Set(),
  compared: new Map(),
  sentAway: [],
  calledBack: [],
  hasLost: false,
  lost: new Set(),
  opened: [],
  asked: new Set(),
  answered: new Set(),
  hasRested: false,
  homeless: new Map(),
  keptFor: new Set(),
  claimed: [],
  alarms: new Set(),
  draining: new Set(),
  drained: new Set(),
  plans: [],
  wakes: [],
});

/** Kinds that the service itself decides to write. */
const OWN_KINDS: readonly SignalKind[] = ['operator-drain', 'leave'];

/** The part of it that was about one fleet. */
export interface FleetDeeds extends Pick<Deeds, 'startedAt' | 'ended' | 'asked' | 'answered'> {
  readonly fleet: FleetName;
  readonly seen: readonly Seen<InstanceRecord>[];
  readonly reads: readonly FleetState[];
  readonly described: readonly DescribedMachine[];
  readonly backlog: Backlog | undefined;
  readonly plans: readonly string[];
  readonly drained: readonly InstanceId[];
  /** Launches that it has written. */
  readonly opened: ReadonlySet<IntentId>;
  /** Machines that it sent away or called back. */
  readonly moved: readonly InstanceId[];
  readonly wakesAt: readonly EpochMs[];
  /** Some wake was asked for without a delay: sooner than that nobody can be woken. */
  readonly isWokenAtOnce: boolean;
}

const isOf = ({ records }: Deeds, fleet: FleetName, id: InstanceId): boolean => records.get(id)?.value.fleet === fleet;

export const deedsFor = (deeds: Deeds, fleet: FleetName): FleetDeeds => ({
  fleet,
  startedAt: deeds.startedAt,
  ended: deeds.ended,
  asked: deeds.asked,
  answered: deeds.answered,
  opened: new Set(deeds.opened.filter((one) => one.fleet === fleet).map(({ intent }) => intent.intentId)),
  moved: [...deeds.sentAway, ...deeds.calledBack].filter((id) => isOf(deeds, fleet, id)),
  seen: [...deeds.records.values()].filter(({ value }) => value.fleet === fleet),
  reads: deeds.fleetReads.filter(({ head }) => head.fleet === fleet),
  described: deeds.described.get(fleet) ?? [],
  backlog: deeds.backlogs.get(fleet),
  plans: deeds.plans.filter((entry) => entry.fleet === fleet).map(({ plan }) => plan),
  drained: [...deeds.drained].filter((id) => isOf(deeds, fleet, id)),
  wakesAt: deeds.wakes.filter((wake) => wake.fleet === fleet).map(({ at }) => at),
  isWokenAtOnce: deeds.wakes.some((wake) => wake.fleet === fleet && wake.isAtOnce),
});

type Ports = Pick<World, 'clock' | 'instances' | 'tasks' | 'fleets' | 'machines' | 'money' | 'wakes'>;

const noteInstances = ({ clock, instances }: Ports, deeds: Deeds): World['instances'] => {
  const see = (record: InstanceRecord | undefined): InstanceRecord | undefined => {
    if (record !== undefined) deeds.records.set(record.instanceId, { value: record, at: clock.now() });
    return record;
  };
  return {
    ...instances,
    get: async (id) => see(await instances.get(id)),
    recordSignal: async (signal, drains, now) => {
      const record = await instances.recordSignal(signal, drains, now);
      if (record === undefined) deeds.homeless.set(nameOfTold(signal), signal);
      else deeds.homeless.delete(nameOfTold(signal));
      // What it writes of its own accord is for the next run to act on.
      if (!OWN_KINDS.includes(signal.kind)) see(record);
      if (record?.drainingAt !== undefined) deeds.draining.add(record.instanceId);
      if (record?.drainingAt === now) deeds.drained.add(record.instanceId);
      if (signal.kind === 'leave') deeds.sentAway.push(signal.instanceId);
      return record;
    },
    withdraw: (id, kind) => {
      if (kind === 'leave') deeds.calledBack.push(id);
      return instances.withdraw(id, kind);
    },
  };
};

/** As it was read: one that was not due then, or ran, was looked at for another reason. */
const wasReadyAndDue = ({ rows }: Deeds, id: TaskId): boolean => {
  const read = rows.get(id);
  return read?.value.status === 'ready' && read.value.checkAt !== undefined && read.value.checkAt <= read.at;
};

const noteLook = (deeds: Deeds, row: TaskRecord, isSent: boolean, at: EpochMs): void => {
  const { taskId, attempt, submittedAt, fleet } = row;
  const waiting = deeds.backlogs.get(fleet)?.waiting;
  const looked = { taskId, fleet, attempt, at, ageMs: at - submittedAt, waiting };
  if (isSent && deeds.laterRows.has(taskId)) deeds.sentAhead.push(looked);
  else if (wasReadyAndDue(deeds, taskId)) (isSent ? deeds.sentAgain : deeds.putOff).push(looked);
};

const noteTasks = ({ clock, tasks }: Ports, deeds: Deeds): World['tasks'] => ({
  ...tasks,
  get: async (id) => {
    const row = await tasks.get(id);
    const isFirst = deeds.due.has(id) && !deeds.rows.has(id);
    if (row !== undefined && isFirst) deeds.rows.set(id, { value: row, at: clock.now() });
    const isFirstLater = deeds.later.has(id) && !deeds.laterRows.has(id);
    if (row !== undefined && isFirstLater) deeds.laterRows.set(id, { value: row, at: clock.now() });
    return row;
  },
  dueLater: async (...asked) => {
    const later = await tasks.dueLater(...asked);
    for (const id of later) deeds.later.add(id);
    return later;
  },
  due: async (...asked) => {
    deeds.hasNotSwept = true;
    const due = await tasks.due(...asked);
    deeds.hasNotSwept = false;
    for (const id of due) deeds.due.add(id);
    return due;
  },
  apply: async (id, step) => {
    const outcome = await tasks.apply(id, step);
    // Ready under the attempt that was to be released: whoever released it may not have come to send its message.
    const isReady = outcome.row?.status === 'ready' && 'attempt' in step && outcome.row.attempt === step.attempt;
    if (step.step === 'release' && isReady) deeds.released.add(id);
    const isDead = outcome.row?.status === 'dead' && 'attempt' in step && outcome.row.attempt === step.attempt;
    if (step.step === 'release' && isDead) deeds.foundDead.add(id);
    if (step.step === 'check-again' && isReady)
      noteLook(deeds, outcome.row, step.sentAgainAt !== undefined, clock.now());
    return outcome;
  },
});

const noteFleets = ({ fleets }: Ports, deeds: Deeds): World['fleets'] => ({
  ...fleets,
  read: async (fleet) => {
    deeds.hasAskedFleets = true;
    const state = await fleets.read(fleet);
    deeds.fleetReads.push(state);
    return state;
  },
  prices: async (fleet) => {
    const board = await fleets.prices(fleet);
    if (board !== undefined) deeds.boards.set(fleet, board);
    return board;
  },
  keepUnclaimed: async (signal, now) => {
    await fleets.keepUnclaimed(signal, now);
    deeds.keptFor.add(nameOfTold(signal));
  },
  unclaimed: async (instanceId, now) => {
    const kept = await fleets.unclaimed(instanceId, now);
    deeds.claimed.push(...kept.map(({ kind }) => ({ instanceId, kind })));
    return kept;
  },
  changeHead: async (fleet, generation, change) => {
    const outcome = await fleets.changeHead(fleet, generation, change);
    if (outcome === 'lost') deeds.hasLost = true;
    if (outcome === 'lost' && change.open !== undefined) deeds.lost.add(fleet);
    if (change.restUntil !== undefined) deeds.hasRested = true;
    for (const intent of change.open ?? []) deeds.opened.push({ fleet, intent });
    return outcome;
  },
});

const noteMachines = ({ machines }: Ports, deeds: Deeds): World['machines'] => ({
  ...machines,
  describeFleet: async (fleet) => {
    const described = await machines.describeFleet(fleet);
    deeds.described.set(fleet, described);
    return described;
  },
  launch: async (request) => {
    deeds.asked.add(request);
    const answer = await machines.launch(request);
    if (answer.answered) deeds.answered.add(request);
    return answer;
  },
  terminate: async (ids) => {
    for (const id of ids) deeds.ended.add(id);
    return machines.terminate(ids);
  },
});

const noteMoney = ({ money }: Ports, deeds: Deeds): World['money'] => ({
  ...money,
  putPlan: (entry) => {
    deeds.plans.push({ fleet: entry.fleet, plan: entry.plan });
    return money.putPlan(entry);
  },
});

const noteWakes = ({ clock, wakes }: Ports, deeds: Deeds): World['wakes'] => ({
  ...wakes,
  wake: (fleet, delaySeconds = 0) => {
    deeds.wakes.push({ fleet, at: addMs(clock.now(), secondsToMs(delaySeconds)), isAtOnce: delaySeconds === 0 });
    return wakes.wake(fleet, delaySeconds);
  },
});

const noteMetrics = ({ metrics }: World, { alarms }: Deeds): World['metrics'] => ({
  count: (name, value, dimensions) => {
    alarms.add(name);
    metrics.count(name, value, dimensions);
  },
});

const noteQueue = ({ clock, settings }: World, deeds: Deeds, fleet: FleetName, queue: WorkQueue): WorkQueue => ({
  ...queue,
  send: async (id, delaySeconds) => {
    await queue.send(id, delaySeconds);
    deeds.sent.add(id);
  },
  // Beside the call, and not in its way: whoever counts waits not a moment longer.
  backlog: () => {
    const answer = queue.backlog();
    void answer.then(
      (backlog) => {
        deeds.backlogs.set(fleet, backlog);
        deeds.waitingMost.set(fleet, Math.max(backlog.waiting, deeds.waitingMost.get(fleet) ?? 0));
        const state = deeds.fleetReads.findLast(({ head }) => head.fleet === fleet);
        const capacity = settings.get(fleet)?.capacity;
        if (state !== undefined && capacity !== undefined)
          deeds.compared.set(fleet, { state, backlog, capacity, at: clock.now() });
      },
      () => undefined,
    );
    return answer;
  },
});

/** The same world, in which everything that is seen and done is noted. */
export const watchDeeds = (world: World, deeds: Deeds): World => {
  const { clock, newId, settings, log } = world;
  const workQueue = onceFor((fleet: FleetName) => noteQueue(world, deeds, fleet, world.workQueue(fleet)));
  return lazyWorld(
    { clock, newId, settings, log, metrics: noteMetrics(world, deeds), workQueue },
    {
      instances: () => noteInstances(world, deeds),
      tasks: () => noteTasks(world, deeds),
      fleets: () => noteFleets(world, deeds),
      machines: () => noteMachines(world, deeds),
      groups: () => world.groups,
      money: () => noteMoney(world, deeds),
      wakes: () => noteWakes(world, deeds),
    },
  );
};
