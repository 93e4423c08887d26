import { type Agent, type AgentEnd, createAgent } from '../../../lib/agent/agent.ts';
import type { Imds } from '../../../lib/agent/imds.ts';
import { type MemoryMachineState, memoryMachineState } from '../../../lib/agent/machine-state.ts';
import type { RunnerContext, RunnerOutcome, TaskRunner } from '../../../lib/agent/runner.ts';
import type { AgentPorts, AgentSettings } from '../../../lib/agent/world.ts';
import { fleetName, type TaskId, taskId } from '../../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../../lib/fleet/task.ts';
import { type EpochMs, toIso } from '../../../lib/fleet/time.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { LogFields } from '../../../lib/ports/telemetry.ts';
import { memoryBlobs } from '../../../lib/simulator/ports/memory-blobs.ts';
import { memoryInstanceStore } from '../../../lib/simulator/ports/memory-instance-store.ts';
import { memoryTaskLedger } from '../../../lib/simulator/ports/memory-task-ledger.ts';
import { memoryWakeQueue } from '../../../lib/simulator/ports/memory-wake-queue.ts';
import { memoryDeadLetters, memoryWorkQueue } from '../../../lib/simulator/ports/memory-work-queue.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { A_POLICY, aRecord, START } from '../../support/records.ts';

export const FLEET = fleetName('index');

export const A_SETTINGS: AgentSettings = {
  fleet: FLEET,
  version: '1.2.3',
  visibilitySeconds: 60,
  failuresMax: 3,
  retryDelaySeconds: 30,
  drainPolicy: A_POLICY,
  concurrency: 1,
  stopSeconds: 90,
  maximumAgeSeconds: 24 * 3_600,
};

export interface LogLine {
  readonly message: string;
  readonly fields: LogFields;
}

/** What is shared by all machines of a test: the world outside them. */
export const createCloud = (clock: Clock) => ({
  instances: memoryInstanceStore(),
  tasks: memoryTaskLedger(),
  queue: memoryWorkQueue(clock),
  deadLetters: memoryDeadLetters(),
  wakes: memoryWakeQueue(clock),
  blobs: memoryBlobs(),
});

export type Cloud = ReturnType<typeof createCloud>;

/** A machine's item as the control plane writes it: nobody has opened a session on it yet. */
export const newItem = (changes: Partial<InstanceRecord> = {}): InstanceRecord => {
  const { session: _session, heartbeatAt: _heartbeatAt, ...item } = aRecord(changes);
  return item;
};

/** A metadata service that tells what a test has put into it. */
export const createMetadata = (item: InstanceRecord) => {
  const texts = new Map<string, string>([
    ['instance-id', item.instanceId],
    ['instance-life-cycle', item.pool.purchase],
    ['placement/availability-zone', item.pool.zone],
  ]);
  const imds: Imds = { read: async (path) => texts.get(path) };
  const giveNotice = (deadline: EpochMs, action = 'terminate'): void => {
    texts.set('spot/instance-action', JSON.stringify({ action, time: toIso(deadline) }));
  };
  return { imds, texts, giveNotice };
};

/** A task of so many seconds that stops when it is asked to. */
export const taskOfSeconds =
  (clock: Clock, seconds: number, result = '"ok"') =>
  async (context: RunnerContext): Promise<RunnerOutcome> => {
    await clock.sleep(seconds * 1_000, context.signal);
    return context.signal.aborted ? { kind: 'hand-back', reason: 'asked to' } : { kind: 'done', result };
  };

export interface MachineOptions {
  readonly cloud?: Cloud;
  readonly clock?: ManualClock;
  readonly run?: TaskRunner['run'];
  readonly item?: InstanceRecord;
  readonly settings?: Partial<AgentSettings>;
  /** The control plane has written the machine's item already. */
  readonly hasItem?: boolean;
  readonly session?: string;
  /** What an agent that ended on this machine has left there. */
  readonly machineState?: MemoryMachineState;
  /** Puts faults between the agent and its ports. */
  wrap?(ports: AgentPorts): AgentPorts;
}

/** One machine with its agent, in a cloud of its own unless one is given; time stands still until a test moves it. */
export const createMachine = (options: MachineOptions = {}) => {
  const clock = options.clock ?? manualClock(START);
  const cloud = options.cloud ?? createCloud(clock);
  const item = options.item ?? newItem();
  if (options.hasItem !== false) void cloud.instances.create(item);
  const metadata = createMetadata(item);
  const lines: LogLine[] = [];
  const write = (message: string, fields: LogFields = {}): void => void lines.push({ message, fields });
  const ports: AgentPorts = {
    ...cloud,
    clock,
    newId: () => options.session ?? 'session-1',
    log: { debug: write, info: write, warn: write, error: write },
    imds: metadata.imds,
    machineState: options.machineState ?? memoryMachineState(),
    runner: { name: 'test', run: options.run ?? taskOfSeconds(clock, 1) },
  };
  const agent: Agent = createAgent(options.wrap?.(ports) ?? ports, { ...A_SETTINGS, ...options.settings });
  let end: AgentEnd | undefined;
  const start = (): void => {
    void agent.run().then((how) => {
      end = how;
    });
  };
  return {
    clock,
    cloud,
    agent,
    metadata,
    lines,
    instanceId: item.instanceId,
    start,
    end: () => end,
    record: () => cloud.instances.records.get(item.instanceId),
  };
};

const inline = (text: string) => ({ inline: text, sha256: `digest of ${text}` });

export const aRow = (id: string, changes: Partial<TaskRecord> = {}): TaskRecord => ({
  form: 1,
  taskId: taskId(id),
  fleet: FLEET,
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: inline('{}'),
  submittedAt: START,
  checkAt: (START + 300_000) as EpochMs,
  ...changes,
});

/** SHA-256 of `{}`, by another program: printf '{}' | sha256sum */
const EMPTY_OBJECT_SHA256 = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

/** Writes a task's row and sends its message, as submit does. */
export const submit = async (
  { tasks, queue }: Cloud,
  id: string,
  changes: Partial<TaskRecord> = {},
): Promise<TaskId> => {
  const row = aRow(id, { body: { inline: '{}', sha256: EMPTY_OBJECT_SHA256 }, ...changes });
  await tasks.apply(row.taskId, { step: 'submit', row });
  await queue.send(row.taskId);
  return row.taskId;
};

export const rowOf = ({ tasks }: Cloud, id: string): TaskRecord => {
  const row = tasks.rows.get(taskId(id));
  if (row === undefined) throw new Error(`No row for ${id}`);
  return row;
};

export const seconds = (count: number): number => count * 1_000;
