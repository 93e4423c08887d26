import { createAgent } from '../lib/agent/agent.ts';
import { memoryMachineState } from '../lib/agent/machine-state.ts';
import type { RunnerContext, RunnerOutcome } from '../lib/agent/runner.ts';
import type { AgentPorts, AgentSettings } from '../lib/agent/world.ts';
import { ec2FleetId, instanceId, intentId, taskId } from '../lib/fleet/ids.ts';
import { INTERRUPTION_NOTICE_SECONDS } from '../lib/fleet/limits.ts';
import { addMs, type EpochMs, epochMs, secondsToMs, toIso } from '../lib/fleet/time.ts';
import type { Clock } from '../lib/ports/clock.ts';
import { memoryBlobs } from '../lib/simulator/ports/memory-blobs.ts';
import { memoryInstanceStore } from '../lib/simulator/ports/memory-instance-store.ts';
import { memoryTaskLedger } from '../lib/simulator/ports/memory-task-ledger.ts';
import { memoryWakeQueue } from '../lib/simulator/ports/memory-wake-queue.ts';
import { memoryDeadLetters, memoryWorkQueue } from '../lib/simulator/ports/memory-work-queue.ts';
import { virtualClock } from '../lib/simulator/virtual-clock.ts';
import { submitTasks } from '../lib/workflows/submit-tasks.ts';
import {
  type InterruptedTask,
  type Interruption,
  interruptionOf,
  lengthQuantile,
  lostByKillAtNotice,
  lostByWaiting,
  SAVE_EVERY_SECONDS,
} from './interruptions.ts';
import { rounded, sum } from './statistics.ts';
import { FLEET } from './world.ts';

/** Seconds of work lost in an interruption, the mean over all seeds. */
export interface WorkLost {
  readonly spothop: number;
  readonly killAtNotice: number;
  readonly waitForVisibility: number;
}

const START = epochMs(1_767_225_600_000);
const MACHINE = instanceId('i-00000000000000001');

const SETTINGS: AgentSettings = {
  fleet: FLEET,
  version: 'bench',
  concurrency: 4,
  visibilitySeconds: 60,
  failuresMax: 3,
  retryDelaySeconds: 30,
  drainPolicy: { marginSeconds: 10, windowSeconds: INTERRUPTION_NOTICE_SECONDS, warySeconds: 900, rebalance: 'wary' },
  stopSeconds: 90,
  maximumAgeSeconds: 86_400,
};

/** A fleet that has run for a while knows how long its tasks take. */
const RUN_TIMES = {
  samples: 64,
  halfMs: Math.round(secondsToMs(lengthQuantile(0.5))),
  nineTenthsMs: Math.round(secondsToMs(lengthQuantile(0.9))),
};

const ITEM = {
  form: 1,
  instanceId: MACHINE,
  fleet: FLEET,
  intentId: intentId('bench'),
  ec2FleetId: ec2FleetId('fleet-bench'),
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: START,
  runTimesExpected: RUN_TIMES,
  leases: {},
  signals: {},
} as const;

/** Work done and work kept, as the task itself sees them. */
interface Account {
  workedMs: number;
  keptMs: number;
}

/** Works in steps, and saves as its kind does. What it is told to write is what it will be counted by. */
const runWork = async (
  task: InterruptedTask,
  account: Account,
  context: RunnerContext,
  clock: Clock,
): Promise<RunnerOutcome> => {
  const startedAt = clock.now();
  const wholeMs = secondsToMs(task.seconds);
  const save = async (): Promise<void> => {
    const workedMs = clock.now() - startedAt;
    await context.checkpoint(String(workedMs));
    account.keptMs = workedMs;
  };
  if (task.saves) context.progress({ savesWhenStopped: true });
  const stopSignal = task.saves ? context.signal : context.killSignal;
  while (!stopSignal.aborted && account.workedMs < wholeMs) {
    const leftMs = wholeMs - account.workedMs;
    await clock.sleep(task.saves ? Math.min(leftMs, secondsToMs(SAVE_EVERY_SECONDS)) : leftMs, stopSignal);
    account.workedMs = Math.min(wholeMs, clock.now() - startedAt);
    if (task.saves && account.workedMs < wholeMs) await save();
  }
  if (account.workedMs < wholeMs) return { kind: 'hand-back', reason: 'it was asked to stop' };
  account.keptMs = wholeMs;
  return { kind: 'done', result: 'null' };
};

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const portsFor = (clock: Clock, run: AgentPorts['runner']['run'], noticeAt: EpochMs): AgentPorts => {
  const notice = { action: 'terminate', time: toIso(addMs(noticeAt, secondsToMs(INTERRUPTION_NOTICE_SECONDS))) };
  const metadata: Readonly<Record<string, string>> = {
    'instance-id': MACHINE,
    'instance-life-cycle': 'spot',
    'placement/availability-zone': ITEM.pool.zone,
  };
  return {
    clock,
    newId: () => 'session-1',
    log: silent,
    imds: {
      read: async (path) =>
        path === 'spot/instance-action' && clock.now() >= noticeAt ? JSON.stringify(notice) : metadata[path],
    },
    instances: memoryInstanceStore(),
    tasks: memoryTaskLedger(),
    queue: memoryWorkQueue(clock),
    deadLetters: memoryDeadLetters(),
    wakes: memoryWakeQueue(clock),
    blobs: memoryBlobs(),
    machineState: memoryMachineState(),
    runner: { name: 'bench', run },
  };
};

/** The agent itself, in a world in memory whose time passes as fast as it can. */
const lostBySpothop = async ({ tasks, noticeAtSeconds }: Interruption): Promise<number> => {
  const clock = virtualClock(START);
  const accounts = new Map(tasks.map((task) => [task.taskId, { workedMs: 0, keptMs: 0 }]));
  const works = new Map(tasks.map((task) => [task.taskId, task]));
  const run = (context: RunnerContext) =>
    runWork(works.get(context.taskId)!, accounts.get(context.taskId)!, context, clock);
  const noticeAt = addMs(START, Math.round(secondsToMs(noticeAtSeconds)));
  const ports = portsFor(clock, run, noticeAt);
  await ports.instances.create(ITEM);
  await submitTasks(
    ports,
    FLEET,
    tasks.map((task) => ({ taskId: taskId(task.taskId), body: '{}' })),
  );
  const agent = createAgent(ports, SETTINGS);
  void agent.run();
  await clock.runUntil(addMs(noticeAt, secondsToMs(INTERRUPTION_NOTICE_SECONDS)));
  // Twice, so that it does not wait for an EC2 that is not there.
  agent.stop();
  agent.stop();
  await clock.runUntil(addMs(noticeAt, secondsToMs(2 * INTERRUPTION_NOTICE_SECONDS)));
  return sum([...accounts.values()].map(({ workedMs, keptMs }) => (workedMs - keptMs) / secondsToMs(1)));
};

export const workLost = async (seeds: number): Promise<WorkLost> => {
  const interruptions = Array.from({ length: seeds }, (_, seed) => interruptionOf(seed));
  const spothop: number[] = [];
  for (const interruption of interruptions) spothop.push(await lostBySpothop(interruption));
  const mean = (losses: readonly number[]): number => rounded(sum(losses) / seeds, 1);
  return {
    spothop: mean(spothop),
    killAtNotice: mean(interruptions.map(lostByKillAtNotice)),
    waitForVisibility: mean(interruptions.map((one) => lostByWaiting(one, INTERRUPTION_NOTICE_SECONDS))),
  };
};
