import type { FleetSettings } from '../../lib/fleet/fleet-settings.ts';
import { type FleetName, fleetName, type InstanceId, sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import type { Signal } from '../../lib/fleet/signal.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { LogFields } from '../../lib/ports/telemetry.ts';
import { type MemoryMoneyLedger, memoryMoneyLedger } from '../../lib/simulator/ports/memory-money-ledger.ts';
import { type MemoryWorld, memoryWorld } from '../../lib/simulator/ports/memory-world.ts';
import type { World } from '../../lib/workflows/world.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { A_POLICY, aMember, aRecord, START } from './records.ts';

export const INDEX: FleetName = fleetName('index');

export const SPOT_A: Pool = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' };
export const SPOT_B: Pool = { instanceType: 'c7g.large', zone: 'us-east-1b', purchase: 'spot' };
export const ON_DEMAND_A: Pool = { ...SPOT_A, purchase: 'on-demand' };
export const ON_DEMAND_B: Pool = { ...SPOT_B, purchase: 'on-demand' };

/** One machine for each five tasks, ten at most, in two zones. */
export const SETTINGS: FleetSettings = {
  fleet: INDEX,
  mode: 'manage',
  drain: A_POLICY,
  capacity: {
    machinesMin: 0,
    machinesMax: 10,
    targetBacklog: 5,
    spotPercentMax: 90,
    spotStrategy: 'capacity',
    onDemandBase: 0,
    onDemandFallback: true,
    onDemandMax: 4,
    places: [
      { instanceType: 'c7g.large', zone: 'us-east-1a', subnetId: 'subnet-a' },
      { instanceType: 'c7g.large', zone: 'us-east-1b', subnetId: 'subnet-b' },
    ],
  },
  maximumAgeSeconds: 86_400,
  launchTemplateId: 'lt-1',
  launchTemplateVersion: '3',
  upgrade: 'on-replacement',
  tags: {},
};

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** The in-memory world with a clock that tests move, and everything that was logged and counted. */
export interface WorkflowWorld extends Omit<World, 'clock' | 'money'>, Pick<MemoryWorld, 'blobs'> {
  readonly clock: ManualClock;
  readonly money: MemoryMoneyLedger;
  readonly instances: MemoryWorld['instances'];
  readonly tasks: MemoryWorld['tasks'];
  readonly machines: MemoryWorld['machines'];
  readonly groups: MemoryWorld['groups'];
  readonly wakes: MemoryWorld['wakes'];
  readonly workQueue: MemoryWorld['workQueue'];
  readonly logged: readonly LogLine[];
  readonly counted: ReadonlyMap<string, number>;
}

/** Ids need no chance here: a plain count is as unique, and readable. */
const countingRandom = (): (() => number) => {
  let count = 0;
  return () => (count++ % 2 === 0 ? 0 : count / 2 ** 32);
};

export const workflowWorld = (
  changes: Partial<FleetSettings> = {},
  otherFleets: readonly FleetSettings[] = [],
): WorkflowWorld => {
  const clock = manualClock(START);
  const logged: LogLine[] = [];
  const counted = new Map<string, number>();
  const at =
    (level: LogLine['level']) =>
    (message: string, fields?: LogFields): void =>
      void logged.push({ level, message, fields });
  const fleets = [{ ...SETTINGS, ...changes }, ...otherFleets];
  return {
    ...memoryWorld(clock, countingRandom()),
    clock,
    money: memoryMoneyLedger(),
    settings: new Map(fleets.map((settings) => [settings.fleet, settings])),
    logged,
    counted,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    metrics: { count: (name, value = 1) => void counted.set(name, (counted.get(name) ?? 0) + value) },
  };
};

export const aTaskId = (name: string): TaskId => taskId(name);

export const submitRow = async (world: WorkflowWorld, name: string, fleet = INDEX): Promise<TaskId> => {
  const id = aTaskId(name);
  const now = world.clock.now();
  const row: TaskRecord = {
    form: 1,
    taskId: id,
    fleet,
    status: 'ready',
    attempt: 0,
    failures: 0,
    reclaims: 0,
    body: { inline: name, sha256: `digest of ${name}` },
    submittedAt: now,
    checkAt: (now + 300_000) as TaskRecord['submittedAt'],
  };
  await world.tasks.apply(id, { step: 'submit', row });
  return id;
};

/** A machine with its item and its place in the fleet, whose agent is heard now. */
export const aMachine = async (
  world: WorkflowWorld,
  instanceId: InstanceId,
  changes: Partial<InstanceRecord> = {},
): Promise<InstanceRecord> => {
  const now = world.clock.now();
  const record = aRecord({ instanceId, launchedAt: now, heartbeatAt: now, ...changes });
  await world.instances.create(record);
  const { intentId, pool, launchedAt } = record;
  await world.fleets.addMember(record.fleet, aMember(1, { instanceId, intentId, pool, launchedAt }));
  return record;
};

export const SESSION = sessionId('session-1');

/** A task that is running on the machine and held by it. */
export const aHeldTask = async (world: WorkflowWorld, name: string, owner: InstanceId): Promise<TaskId> => {
  const id = await submitRow(world, name);
  const now = world.clock.now();
  const taken = await world.tasks.apply(id, { step: 'take', owner, session: SESSION, now });
  if (taken.outcome === 'refused') throw new Error(`${name} could not be taken`);
  const holds = [{ taskId: id, attempt: taken.row.attempt }];
  await world.instances.changeLeases({ instanceId: owner, session: SESSION, holds }, now);
  return id;
};

export const aSignal = (
  world: Pick<WorkflowWorld, 'clock'>,
  instanceId: InstanceId,
  kind: Signal['kind'] = 'spot-interruption',
  changes: Partial<Signal> = {},
): Signal => {
  const at = world.clock.now();
  const deadline = (at + 120_000) as Signal['at'];
  return { kind, instanceId, at, ...(kind === 'spot-interruption' ? { deadline } : {}), ...changes };
};

/** The ids on the work queue now, received and left hidden. */
export const receivedIds = async (world: WorkflowWorld, fleet: FleetName = INDEX): Promise<string[]> => {
  const messages = await world.workQueue(fleet).receive({ waitSeconds: 0, visibilitySeconds: 3_600, countMax: 10 });
  return messages.map((message) => (JSON.parse(message.body) as { taskId: string }).taskId).sort();
};

/** Everything that a workflow may have changed, for comparing before and after. */
export const snapshot = async (world: WorkflowWorld, fleets: readonly FleetName[] = [INDEX]): Promise<string> =>
  JSON.stringify({
    tasks: [...world.tasks.rows.values()],
    instances: [...world.instances.records.values()],
    fleets: await Promise.all(fleets.map((fleet) => world.fleets.read(fleet))),
    machines: world.machines.all(),
    runs: world.money.allRuns(),
    queues: fleets.map((fleet) => world.workQueue(fleet).size()),
  });
