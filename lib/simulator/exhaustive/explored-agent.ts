import { createDrain, type Drain } from '../../agent/drain.ts';
import { createMessageHandler } from '../../agent/handle-message.ts';
import { createLeaseWatch } from '../../agent/lease-watch.ts';
import { createLeases } from '../../agent/leases.ts';
import { memoryMachineState } from '../../agent/machine-state.ts';
import { createMailbox } from '../../agent/mailbox.ts';
import { createPulse } from '../../agent/pulse.ts';
import { createRunTimes } from '../../agent/run-times.ts';
import type { TaskRunner } from '../../agent/runner.ts';
import { createRunningTasks } from '../../agent/running-tasks.ts';
import { emptyTally } from '../../agent/tally.ts';
import { createTurns } from '../../agent/turns.ts';
import type { AgentPorts, AgentSettings, AgentShared } from '../../agent/world.ts';
import type { TaskId } from '../../fleet/ids.ts';
import { drainEndOf, type InstanceRecord } from '../../fleet/instance.ts';
import { encodeTaskMessage } from '../../fleet/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import type { Gate } from './gate.ts';
import { SETTINGS, SILENT_LOG, type SmallWorld } from './small-world.ts';

const AGENT_SETTINGS: AgentSettings = {
  fleet: SETTINGS.fleet,
  version: 'explored',
  concurrency: 2,
  visibilitySeconds: 60,
  failuresMax: 3,
  retryDelaySeconds: 30,
  drainPolicy: SETTINGS.drain,
  stopSeconds: 90,
  maximumAgeSeconds: SETTINGS.maximumAgeSeconds,
};

/** Whatever a task comes to here. */
const RUNNER: Pick<TaskRunner, 'run'> = { run: async () => ({ kind: 'done', result: '"explored"' }) };

export interface ExploredAgent {
  /** Deals with one message after the other, as the agent does that received them. */
  handle(taskIds: readonly TaskId[]): Promise<void>;
  readonly drain: Drain;
}

interface AgentWorld {
  readonly small: SmallWorld;
  readonly clock: Clock;
  readonly tasks: TaskLedger;
  readonly instances: InstanceStore;
  readonly gate: Pick<Gate, 'port'>;
  /** Somebody may come in between while a task runs, and not only before and after it. */
  readonly isRunATurn: boolean;
}

const portsOf = ({ small, clock, tasks, instances, gate, isRunATurn }: AgentWorld): AgentPorts => ({
  clock,
  newId: small.memory.newId,
  log: SILENT_LOG,
  imds: { read: async () => undefined },
  machineState: memoryMachineState(),
  instances: gate.port('instances', instances),
  tasks: gate.port('tasks', tasks),
  // Messages are hints: what becomes of them is no turn, and the rows must be right whatever it is.
  queue: { ...small.memory.workQueue(SETTINGS.fleet), delete: async () => {}, changeVisibility: async () => {} },
  deadLetters: small.memory.deadLetters,
  wakes: { wake: async () => {} },
  blobs: small.memory.blobs,
  runner: { name: 'explored', ...(isRunATurn ? gate.port('runner', RUNNER) : RUNNER) },
});

const messageOf = (taskId: TaskId) => ({
  messageId: `message of ${taskId}`,
  body: encodeTaskMessage(taskId),
  attributes: {},
  receiptHandle: `receipt of ${taskId}`,
  receiveCount: 1,
});

/** The agent's own code from a message to its end: taking, holding, running, settling, giving up what is held. */
export const exploredAgent = (world: AgentWorld, first: InstanceRecord): ExploredAgent => {
  const ports = portsOf(world);
  const { clock } = ports;
  const ids = { instanceId: first.instanceId, session: first.session! };
  const leases = createLeases({ ...ports, ...ids });
  const drain = createDrain();
  const shared: AgentShared = {
    ports,
    settings: AGENT_SETTINGS,
    ...ids,
    drain,
    pulse: createPulse(clock.now()),
    leases,
    leaseWatch: createLeaseWatch(leases, SILENT_LOG),
    receivesMax: async () => undefined,
    runTimes: createRunTimes(),
    running: createRunningTasks(),
    commitTurns: createTurns(clock, 1),
    tally: emptyTally(),
  };
  const begin = (reason: string, record: InstanceRecord): void => {
    const now = clock.now();
    drain.begin({ reason, deadline: drainEndOf(record, SETTINGS.drain, now), now });
  };
  const mailbox = createMailbox({
    clock,
    first,
    onRecord: (record) => {
      if (record.drainingAt !== undefined || record.goneAt !== undefined) begin('the item says so', record);
    },
    onSessionLost: () => begin('another agent has this machine', first),
  });
  const handle = createMessageHandler(shared, mailbox, () => !drain.signal.aborted);
  return {
    drain,
    handle: async (taskIds) => {
      for (const taskId of taskIds) await handle(messageOf(taskId), () => {});
      await leases.flush();
    },
  };
};
