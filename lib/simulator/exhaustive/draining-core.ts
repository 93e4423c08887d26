import { type ModelRow, modelRowOf, modelStep } from '../../audit/task-model.ts';
import { ec2FleetId, type InstanceId, instanceId, intentId, sessionId, type TaskId, taskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import { reconcileInstance, recordSignal } from '../../workflows/record-signal.ts';
import { sweep } from '../../workflows/sweep.ts';
import type { Actor, Core } from './explore-interleavings.ts';
import { exploredAgent } from './explored-agent.ts';
import type { Gate } from './gate.ts';
import {
  controlPlane,
  createSmallWorld,
  NO_GATE,
  NO_WAKES,
  POOL,
  SETTINGS,
  type SmallWorld,
  START,
} from './small-world.ts';

/** Who is at work at once. Two tasks are ready in the beginning, and a message of each has been received everywhere. */
export interface DrainingStart {
  /** Machines whose agents take them, the second in the other order. */
  readonly machines: number;
  /** The first machine stood still: what it writes says that it was heard a minute ago, and it goes on all the same. */
  readonly isLate: boolean;
  /** The metadata service of the first machine says that no time is left. */
  readonly isNoticed: boolean;
  /** Deliveries of one warning for the first machine. */
  readonly warnings: number;
  /** The last machine is reclaimed as well: an event tells that it has ended, while its agent may still be at work. */
  readonly isEndTold: boolean;
  readonly sweeps: number;
  /** Reconciles that read the first machine's item, and act on it when much may have changed. */
  readonly reconciles: number;
}

const LATE_SECONDS = 60;
const NOTICE_SECONDS = 120;
const TASKS = ['task-1', 'task-2'].map(taskId);
const BACKLOG = { waiting: 0, inFlight: TASKS.length, delayed: 0 };

const rowOf = (id: TaskId): TaskRecord => ({
  form: 1,
  taskId: id,
  fleet: SETTINGS.fleet,
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  // The digest of the text, by `sha256sum`.
  body: { inline: '{}', sha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' },
  submittedAt: START,
  checkAt: START,
});

const recordOf = (index: number, clock: Clock): InstanceRecord => ({
  form: 1,
  instanceId: instanceId(`i-0000000${index}`),
  fleet: SETTINGS.fleet,
  intentId: intentId('explored'),
  ec2FleetId: ec2FleetId('fleet-explored'),
  pool: POOL,
  launchedAt: addMs(START, -secondsToMs(300)),
  session: sessionId(`session-${index}`),
  heartbeatAt: clock.now(),
  leases: {},
  signals: {},
});

const modelOf = (row: TaskRecord | undefined): ModelRow | undefined => row && modelRowOf(row);

/** Every step on every row by the auditor's own table, and who may still hold what. */
const watch = ({ memory }: SmallWorld) => {
  const broken: string[] = [];
  const commits = new Map<TaskId, number>();
  const tasks: TaskLedger = {
    ...memory.tasks,
    apply: async (id, step) => {
      const expected = modelStep(modelOf(memory.tasks.rows.get(id)), step);
      const outcome = await memory.tasks.apply(id, step);
      const row = memory.tasks.rows.get(id);
      if (JSON.stringify(modelOf(row)) !== JSON.stringify(expected.row)) broken.push(`W: ${step.step} of ${id}`);
      if (step.step === 'commit' && outcome.outcome === 'done') commits.set(id, (commits.get(id) ?? 0) + 1);
      return outcome;
    },
  };
  const isAtWork = (id: InstanceId, task: TaskId, attempt: number): boolean => {
    const row = memory.tasks.rows.get(task);
    return row?.status === 'running' && row.owner === id && row.attempt === attempt;
  };
  const judge = (before: InstanceRecord | undefined, after: InstanceRecord | undefined): void => {
    if (before === undefined || after === undefined) return;
    if (before.drainingAt !== undefined && before.drainingAt !== after.drainingAt) broken.push('N5: drains no more');
    const added = Object.keys(after.leases).filter((id) => before.leases[id as TaskId] !== after.leases[id as TaskId]);
    const isClosed = before.drainingAt !== undefined || before.goneAt !== undefined;
    if (isClosed && added.length > 0) broken.push(`N6: ${added.join(' ')} held on ${after.instanceId}, which drains`);
    if (after.goneAt !== undefined && after.drainingAt === undefined) broken.push('N5: gone and never drained');
  };
  const watched: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(memory.instances) as [string, unknown][]) {
    if (typeof member !== 'function') continue;
    watched[name] = (...args: readonly unknown[]) => {
      const [first, task, attempt] = args as [InstanceId | { readonly instanceId: InstanceId }, TaskId, number];
      const id = typeof first === 'string' ? first : first.instanceId;
      if (name === 'dropLease' && isAtWork(id, task, attempt)) broken.push(`W4: ${task} is dropped while it runs`);
      const before = memory.instances.records.get(id);
      const answer: unknown = member(...args);
      judge(before, memory.instances.records.get(id));
      return answer;
    };
  }
  return { broken, commits, tasks, instances: watched as unknown as InstanceStore };
};

type Watched = ReturnType<typeof watch>;

const brokenNow = ({ memory, money }: SmallWorld, { broken, commits }: Watched): string[] => {
  const found = [...broken];
  for (const [id, count] of commits) if (count > 1) found.push(`W2: ${id} was committed ${count} times`);
  for (const row of memory.tasks.rows.values()) {
    const isOpen = row.status === 'ready' || row.status === 'running';
    if (isOpen !== (row.checkAt !== undefined)) found.push(`W1: ${row.taskId} is ${row.status} and nobody looks at it`);
  }
  for (const { instanceId: id } of money.allRuns()) {
    if (memory.instances.records.get(id)?.drainingAt === undefined) found.push(`M2: the run of ${id} is closed`);
  }
  return found;
};

const brokenAtRest = ({ memory, money }: SmallWorld, watched: Watched, ended: InstanceId | undefined): string[] => {
  const found: string[] = [];
  for (const id of TASKS) {
    const row = memory.tasks.rows.get(id);
    if (row?.status !== 'done') found.push(`W1: ${id} is ${row?.status} in the end`);
    if (watched.commits.get(id) !== 1) found.push(`W2: ${id} was committed ${watched.commits.get(id) ?? 0} times`);
  }
  if (ended === undefined) return found;
  const record = memory.instances.records.get(ended);
  if (record?.goneAt === undefined) found.push(`N1: ${ended} ended and is not called gone`);
  if (Object.keys(record?.leases ?? {}).length > 0) found.push(`N6: ${ended} ended and holds tasks`);
  if (money.allRuns().length !== 1) found.push(`M2: ${ended} has ${money.allRuns().length} runs`);
  return found;
};

/** Agents, deliveries of signals, sweeps and reconciles on two tasks, all at once. */
export const drainingCore = (start: DrainingStart) => async (): Promise<Core> => {
  const small = createSmallWorld();
  const { memory } = small;
  const watched = watch(small);
  const { tasks, instances } = watched;
  const overrides = { tasks, instances, backlog: BACKLOG };
  const clockOf = (index: number): Clock =>
    index === 1 && start.isLate ? small.clockBehind(LATE_SECONDS) : small.clock;
  const indexes = Array.from({ length: start.machines }, (_, index) => index + 1);
  const records = indexes.map((index) => recordOf(index, clockOf(index)));
  for (const record of records) {
    await memory.instances.create(record);
    await memory.fleets.addMember(SETTINGS.fleet, record);
  }
  for (const id of TASKS) await memory.tasks.apply(id, { step: 'submit', row: rowOf(id) });
  const [first] = records;
  const ended = start.isEndTold ? records.at(-1)?.instanceId : undefined;

  const workOn = (record: InstanceRecord, index: number): Actor => ({
    name: `agent ${index}`,
    run: async (gate) => {
      const agent = exploredAgent(
        { small, clock: clockOf(index), tasks, instances, gate, isRunATurn: start.isNoticed },
        record,
      );
      if (index === 1 && start.isNoticed) void notice(agent, gate);
      await agent.handle(index === 1 ? TASKS : TASKS.toReversed());
    },
  });
  const notice = async ({ drain }: ReturnType<typeof exploredAgent>, gate: Gate): Promise<void> => {
    await gate
      .port('imds', { read: async () => 'notice' })
      .read()
      .catch(() => 'it will be read again');
    const now = small.clock.now();
    drain.begin({ reason: 'spot-interruption', deadline: now, now });
  };
  const deliver = (name: string, id: InstanceId, kind: 'spot-interruption' | 'state-terminated') => {
    const at = small.clock.now();
    const deadline = kind === 'state-terminated' ? {} : { deadline: addMs(at, secondsToMs(NOTICE_SECONDS)) };
    return (gate: Pick<Gate, 'port'>) =>
      recordSignal(controlPlane(small, name, gate, overrides), NO_WAKES, { kind, instanceId: id, at, ...deadline });
  };
  const close = (name: string, id: InstanceId) => async (gate: Pick<Gate, 'port'>) => {
    const world = controlPlane(small, name, gate, overrides);
    const record = await world.instances.get(id);
    const isEndTold = record?.signals['state-terminated'] !== undefined;
    if (record !== undefined) await reconcileInstance(world, NO_WAKES, record, { seenBy: 'reconcile', isEndTold });
  };
  const lookAround = (name: string) => (gate: Pick<Gate, 'port'>) => sweep(controlPlane(small, name, gate, overrides));
  const many = (count: number, name: string, run: (name: string) => Actor['run']): Actor[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${name} ${index + 1}`, run: run(`${name} ${index + 1}`) }));

  return {
    actors: [
      ...records.map((record, index) => workOn(record, index + 1)),
      ...many(start.warnings, 'warning', (name) => deliver(name, first!.instanceId, 'spot-interruption')),
      ...many(ended === undefined ? 0 : 1, 'end', (name) => deliver(name, ended!, 'state-terminated')),
      ...many(ended === undefined ? 0 : 1, 'closing', (name) => close(name, ended!)),
      ...many(start.reconciles, 'reconcile', (name) => close(name, first!.instanceId)),
      ...many(start.sweeps, 'sweep', lookAround),
    ],
    stateText: async () =>
      JSON.stringify([[...memory.tasks.rows.values()], [...memory.instances.records.values()], small.money.allRuns()]),
    broken: async () => brokenNow(small, watched),
    brokenInTheEnd: async () => {
      if (ended !== undefined) {
        await deliver('end again', ended, 'state-terminated')(NO_GATE);
        await close('closing again', ended)(NO_GATE);
      }
      // Everybody who was there is gone by then, and a new machine has come.
      for (let round = 0; round < 2; round += 1) {
        small.later(LATE_SECONDS);
        await lookAround('sweep later')(NO_GATE);
      }
      const record = { ...recordOf(9, small.clock), heartbeatAt: small.clock.now() };
      await memory.instances.create(record);
      const agent = exploredAgent(
        { small, clock: small.clock, tasks, instances, gate: NO_GATE, isRunATurn: false },
        record,
      );
      await agent.handle(TASKS);
      return [...brokenNow(small, watched), ...brokenAtRest(small, watched, ended)];
    },
  };
};
