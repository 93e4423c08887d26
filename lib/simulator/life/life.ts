import type { AgentPorts, AgentSettings } from '../../agent/world.ts';
import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import { addMs, type EpochMs, epochMs, secondsToMs } from '../../fleet/time.ts';
import type { MachineGroups } from '../../ports/machine-groups.ts';
import type { WorkQueue } from '../../ports/queues.ts';
import { auditFleet, type FleetAudit } from '../audit/audit-fleet.ts';
import { auditGroupMarks, auditGroups } from '../audit/audit-groups.ts';
import { auditInstances } from '../audit/audit-instances.ts';
import { auditLeases } from '../audit/audit-leases.ts';
import { auditQueue, rememberBacklog } from '../audit/audit-queue.ts';
import { auditResumptions, type Resumptions } from '../audit/audit-resumptions.ts';
import { auditTasks, type TaskAudit } from '../audit/audit-tasks.ts';
import { auditWakes } from '../audit/audit-wakes.ts';
import { contextOf } from '../audit/context.ts';
import type { Lacking } from '../audit/judge-buying.ts';
import { createJudge, type Judge } from '../audit/promises.ts';
import { judgeSelfEnd } from '../audit/self-end.ts';
import { createFaults, type Faults } from '../faults/faults.ts';
import type { FaultId } from '../faults/simulated.ts';
import { drawSwarm } from '../faults/swarm.ts';
import { staleIndex, unreliableBlobs, unreliableMachines, unreliableQueue } from '../faults/unreliable-ports.ts';
import { type MemoryMoneyLedger, memoryMoneyLedger } from '../ports/memory-money-ledger.ts';
import { type MemoryWorld, memoryWorld } from '../ports/memory-world.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { type VirtualClock, virtualClock } from '../virtual-clock.ts';
import { watchedAgentOf } from './agent-ports.ts';
import { type Caller, type CallerKind, type CallerWorld, createCaller, type LastCrashes } from './caller.ts';
import { allFleets, fleetOf } from './fleets-of.ts';
import { createMachineHost, type HostedMachine, type MachineHost } from './machine-host.ts';
import { drawPlan, type LifePlan, type PlanOptions, VISIBILITY_SECONDS } from './plan.ts';
import { noteProcessEnd } from './process-ends.ts';
import { skewedPorts } from './skewed-ports.ts';
import { clockTime, createTrace, type Trace } from './trace.ts';
import type { Truth } from './truth.ts';
import { type PlannedTask, wasReopened } from './workload.ts';
import { workloadOf } from './workload-of.ts';

/** 2026-01-01T00:00:00Z. */
export const START = epochMs(1_767_225_600_000);

export interface LifeOptions extends PlanOptions {
  readonly seed: number;
  readonly fault?: FaultId;
  /** Keep so many lines for people to read. */
  readonly linesMax?: number;
  /** Only these tasks, by their numbers: how a failing workload is made smaller. */
  readonly onlyTasks?: readonly number[];
}

/** Everything that the parts of one simulated life share. */
export interface Life {
  readonly plan: LifePlan;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly judge: Judge;
  readonly memory: MemoryWorld;
  readonly money: MemoryMoneyLedger;
  readonly calls: CallerWorld;
  readonly host: MachineHost;
  readonly truth: Truth & {
    readonly foreign: Set<InstanceId>;
    readonly told: Set<string>;
    /** Bodies of signals that nobody may act on. */
    readonly unreadable: Set<string>;
    readonly ending: Map<InstanceId, EpochMs>;
    readonly refusing: Map<string, EpochMs>;
    readonly messagesLost: Map<TaskId, number>;
  };
  readonly workload: ReadonlyMap<TaskId, PlannedTask>;
  readonly taskAudit: TaskAudit;
  readonly fleetAudit: FleetAudit;
  readonly ports: LifePorts;
  /** The same as a caller of this version uses them. */
  portsOf(caller: Caller): LifePorts;
  /** The fleet file as it is at present. */
  settings: FleetSettings;
  /** The other fleet's, where there are two. */
  readonly other?: FleetSettings;
  /** Until when the fleet was only watched; what was seen before that, nobody had to act on. */
  watchedUntil?: EpochMs;
  readonly resumptions: Resumptions;
  readonly lacking: Lacking;
  /** Machines whose process has ended, and the task that could have done it, if it is one. */
  readonly blamed: Map<InstanceId, TaskId | undefined>;
  /** `<task>/<attempt>` of every run that was ever begun. */
  readonly begun: Set<string>;
  /** Callers that wait for work at this moment, and since when. */
  readonly polling: Map<Caller, EpochMs>;
  readonly wake: { ask: (fleet: FleetName, delaySeconds: number) => void };
  readonly machineEvents: { onStarted: (machine: HostedMachine) => void; onEnded: (machine: HostedMachine) => void };
  createCaller(name: string, kind: CallerKind, machine?: HostedMachine): Caller;
}

/** The ports below all callers: audited, and then made as unreliable as AWS's are. */
export type LifePorts = Omit<AgentPorts, 'clock' | 'newId' | 'log' | 'imds' | 'machineState' | 'runner'> & {
  /** Of the other fleet, where there are two. */
  readonly otherQueue?: WorkQueue;
  readonly fleets: FleetAudit['fleets'];
  readonly machines: FleetAudit['machines'];
  readonly money: FleetAudit['money'];
  readonly groups: MachineGroups;
};

const agentSettings = ({ plan }: Life, settings: FleetSettings): AgentSettings => ({
  fleet: settings.fleet,
  version: 'simulated',
  visibilitySeconds: VISIBILITY_SECONDS,
  failuresMax: plan.failuresMax,
  retryDelaySeconds: plan.retryDelaySeconds,
  drainPolicy: settings.drain,
  concurrency: plan.slots,
  stopSeconds: 90,
  maximumAgeSeconds: settings.maximumAgeSeconds,
  taskIdPath: 'name',
});

/** Notes who waits for work, for as long as the service holds the request. */
const watchPolls = (
  polling: Life['polling'],
  acting: CallerWorld['acting'],
  now: () => EpochMs,
  queue: WorkQueue,
): WorkQueue => ({
  ...queue,
  receive: async (options) => {
    const { by } = acting;
    if (by !== undefined) polling.set(by, now());
    try {
      return await queue.receive(options);
    } finally {
      if (by !== undefined) polling.delete(by);
    }
  },
});

/** A world with everything in it, before anything happens. */
export const createLife = (options: LifeOptions): Life => {
  const random = seededRandom(`seed ${options.seed}`);
  const plan = drawPlan(random.fork('plan'), options);
  const clock = virtualClock(START);
  const trace = createTrace({ now: clock.now, startedAt: START, linesMax: options.linesMax ?? 0 });
  const faults = createFaults(drawSwarm(random.fork('swarm'), options.fault), random.fork('faults'), trace);
  const acting: { by: Caller | undefined } = { by: undefined };
  const by = (): string => acting.by?.name ?? 'world';
  const { receivesMax } = plan;
  const memory = memoryWorld(clock, random.fork('ids').next, receivesMax === undefined ? {} : { receivesMax });
  const since = (at: EpochMs): string => clockTime(at - START);
  const judge = createJudge({
    startedAt: START,
    now: clock.now,
    by,
    trace,
    contextOf: (found) => contextOf(memory, found, since, acting.by),
  });
  const money = memoryMoneyLedger();
  const conditions = { outages: new Map(), slowShare: plan.slowShare, slowMsMax: plan.slowMsMax };
  const calls: CallerWorld = {
    clock,
    random: random.fork('calls'),
    faults,
    trace,
    conditions,
    acting,
    tally: { calls: 0 },
    dangers: new Map(),
  };
  const lastCrashes: LastCrashes = new Map();
  const workload = workloadOf(random.fork('workload'), plan, START, options.onlyTasks);
  const granted = new Set<string>();
  const now = clock.now;
  const recordOf = (id: InstanceId) => memory.instances.records.get(id);

  const host: MachineHost = createMachineHost({
    clock,
    random: random.fork('machines'),
    faults,
    trace,
    ec2: memory.machines,
    areOwners: plan.owner !== undefined,
    settings: ({ fleet }) => agentSettings(life, fleetOf(life, fleet)),
    createCaller: (machine) => life.createCaller(machine.instanceId, 'agent', machine),
    watchedAgent: (caller, machine) => watchedAgentOf(life, granted, caller, machine),
    onStarted: (machine) => life.machineEvents.onStarted(machine),
    onEnded: (machine) => life.machineEvents.onEnded(machine),
    onPowerOff: (machine, end) => judgeSelfEnd(life, machine, end),
  });
  const truth: Life['truth'] = {
    machines: host.byId,
    tasks: new Map([...workload].map(([id, task]) => [id, task.truth])),
    foreign: host.foreign,
    told: new Set(),
    ending: new Map(),
    refusing: new Map(),
    messagesLost: new Map(),
    unreadable: new Set(),
  };
  const taskAudit = auditTasks({ now, judge, trace, faults, truth, acting, tasks: memory.tasks, recordOf, since });
  const fleetAudit = auditFleet({
    now,
    judge,
    trace,
    faults,
    truth,
    acting,
    fleets: memory.fleets,
    machines: memory.machines,
    money,
    recordOf,
  });
  const instances = auditInstances({
    now,
    judge,
    trace,
    truth,
    acting,
    instances: memory.instances,
    granted,
    settingsOf: (fleet, by) => by?.memo.settings?.get(fleet) ?? fleetOf(life, fleet),
  });
  const unreliable = { clock, random: random.fork('services'), faults, trace };
  const rowOf = (id: TaskId) => memory.tasks.rows.get(id);
  const isReopened = (id: TaskId) => wasReopened(workload.get(id));
  const isCopied = (id: TaskId) => memory.deadLetters.sent.some(({ taskId }) => taskId === id);
  const queueFor = ({ fleet }: FleetSettings): WorkQueue => {
    const workQueue = memory.workQueue(fleet);
    const queue = auditQueue({ now, judge, faults, acting, fleet, rowOf, isCopied, isReopened }, workQueue);
    const counted = rememberBacklog({ acting, fleet }, unreliableQueue(unreliable, queue, workQueue));
    return watchPolls(polling, acting, now, counted);
  };
  const ec2 = unreliableMachines(unreliable, fleetAudit.machines, memory.machines);
  const polling: Life['polling'] = new Map();
  const refreshing = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call;
    host.refresh();
    return answer;
  };
  const resumptions = auditResumptions({ now, judge, rowOf: (id) => memory.tasks.rows.get(id) });
  const noteCut = (key: string): void => {
    if (acting.by?.machine !== undefined) resumptions.cut(acting.by.machine, key);
  };
  const skewed = skewedPorts(random.fork('versions'), faults, () => life.ports);
  const named = () => life.settings.groups;
  const life: Life = {
    portsOf: skewed.portsOf,
    plan,
    clock,
    random,
    trace,
    faults,
    judge,
    memory,
    money,
    calls,
    host,
    truth,
    workload,
    taskAudit,
    fleetAudit,
    settings: plan.settings,
    resumptions,
    lacking: new Map(),
    blamed: new Map(),
    ...(plan.other === undefined ? {} : { other: plan.other }),
    begun: new Set(),
    polling,
    wake: { ask: () => {} },
    machineEvents: { onStarted: () => {}, onEnded: () => {} },
    ports: {
      instances: {
        ...auditLeases({ judge, rowOf: (id) => memory.tasks.rows.get(id) }, fleetAudit.rememberRecords(instances)),
        ...auditGroupMarks({ judge, groups: memory.groups, named }, instances),
      },
      tasks: staleIndex(unreliable, taskAudit.ledger, memory.tasks.rows),
      queue: queueFor(plan.settings),
      ...(plan.other === undefined ? {} : { otherQueue: queueFor(plan.other) }),
      wakes: auditWakes({ judge, truth, acting, fleets: allFleets(plan) }, (fleet, delay) =>
        life.wake.ask(fleet, delay),
      ),
      deadLetters: memory.deadLetters,
      blobs: unreliableBlobs(unreliable, memory.blobs, noteCut),
      fleets: fleetAudit.fleets,
      machines: {
        ...ec2,
        launch: (request) => refreshing(ec2.launch(request)),
        terminate: (ids) => refreshing(ec2.terminate(ids)),
      },
      money: fleetAudit.money,
      groups: auditGroups({
        judge,
        trace,
        truth,
        acting,
        groups: memory.groups,
        named,
        recordOf,
      }),
    },
    createCaller: (name, kind, machine) =>
      createCaller(calls, {
        name,
        kind,
        lastCrashes,
        ...(kind === 'signals' || kind === 'reconcile'
          ? { settings: new Map(allFleets(life).map((one) => [one.fleet, one])) }
          : {}),
        ...(machine === undefined
          ? {}
          : { machine: machine.instanceId, troubles: machine, onCrash: () => noteProcessEnd(life, machine) }),
      }),
  };
  return life;
};

/** Announcements name no fractions. */
export const wholeSecond = (instant: EpochMs): EpochMs => epochMs(Math.ceil(instant / 1_000) * 1_000);

export const secondsLater = (instant: EpochMs, seconds: number): EpochMs => addMs(instant, secondsToMs(seconds));
