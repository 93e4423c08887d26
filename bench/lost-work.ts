import { createAgent } from '../lib/agent/agent.ts';
import { memoryMachineState } from '../lib/agent/machine-state.ts';
import type { RunnerContext, RunnerOutcome } from '../lib/agent/runner.ts';
import type { AgentPorts, AgentSettings } from '../lib/agent/world.ts';
import { ec2FleetId, instanceId, intentId, taskId } from '../lib/fleet/ids.ts';
import type { RunTimeSummary } from '../lib/fleet/instance.ts';
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
  type Interruption,
  interruptionOf,
  lengthQuantile,
  lostByKillAtNotice,
  lostByWaiting,
  QUEUE_KINDS,
  type QueueKind,
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
const runTimesOf = (kind: QueueKind): RunTimeSummary => ({
  samples: 64,
  halfMs: Math.round(secondsToMs(lengthQuantile(kind, HALF))),
  nineTenthsMs: Math.round(secondsToMs(lengthQuantile(kind, NINE_TENTHS))),
});

const HALF = 0.5;
const NINE_TENTHS = 0.9;

const ITEM = {
  form: 1,
  instanceId: MACHINE,
  fleet: FLEET,
  intentId: intentId('bench'),
  ec2FleetId: ec2FleetId('fleet-bench'),
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: START,
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
  { seconds, saves }: { readonly seconds: number; readonly saves: boolean },
  account: Account,
  context: RunnerContext,
  clock: Clock,
): Promise<RunnerOutcome> => {
  const startedAt = clock.now();
  const wholeMs = Math.round(secondsToMs(seconds));
  const save = async (): Promise<void> => {
    const workedMs = clock.now() - startedAt;
    await context.checkpoint(String(workedMs));
    account.keptMs = workedMs;
  };
  if (saves) context.progress({ savesWhenStopped: true });
  const stopSignal = saves ? context.signal : context.killSignal;
  while (!stopSignal.aborted && account.workedMs < wholeMs) {
    const leftMs = wholeMs - account.workedMs;
    await clock.sleep(saves ? Math.min(leftMs, secondsToMs(SAVE_EVERY_SECONDS)) : leftMs, stopSignal);
    account.workedMs = Math.min(wholeMs, clock.now() - startedAt);
    if (saves && account.workedMs < wholeMs) await save();
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
const lostBySpothop = async ({ kind, tasks, noticeAtSeconds }: Interruption): Promise<number> => {
  const clock = virtualClock(START);
  const accounts = new Map(tasks.map((task) => [task.taskId, { workedMs: 0, keptMs: 0 }]));
  const works = new Map(tasks.map((task) => [task.taskId, { ...task, saves: kind.saves }]));
  const run = (context: RunnerContext) =>
    runWork(works.get(context.taskId)!, accounts.get(context.taskId)!, context, clock);
  const noticeAt = addMs(START, Math.round(secondsToMs(noticeAtSeconds)));
  const ports = portsFor(clock, run, noticeAt);
  await ports.instances.create({ ...ITEM, runTimesExpected: runTimesOf(kind) });
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

const meanOf = (losses: readonly number[]): number => rounded(sum(losses) / losses.length, 1);

const lostBy = async (interruptions: readonly Interruption[]): Promise<WorkLost> => {
  const spothop: number[] = [];
  for (const interruption of interruptions) spothop.push(await lostBySpothop(interruption));
  return {
    spothop: meanOf(spothop),
    killAtNotice: meanOf(interruptions.map(lostByKillAtNotice)),
    waitForVisibility: meanOf(interruptions.map((one) => lostByWaiting(one, INTERRUPTION_NOTICE_SECONDS))),
  };
};

export interface WorkLostByQueue {
  /** All kinds of queues together, each with as many interruptions. */
  readonly all: WorkLost;
  readonly byQueue: Readonly<Record<QueueKind['name'], WorkLost>>;
}

/** So many interruptions of each kind of queue, by the same seeds for all three. */
export const workLost = async (seeds: number): Promise<WorkLostByQueue> => {
  const kinds: [QueueKind['name'], WorkLost][] = [];
  for (const kind of QUEUE_KINDS) {
    kinds.push([kind.name, await lostBy(Array.from({ length: seeds }, (_, seed) => interruptionOf(kind, seed)))]);
  }
  const mean = (whose: keyof WorkLost): number => meanOf(kinds.map(([, lost]) => lost[whose]));
  return {
    all: { spothop: mean('spothop'), killAtNotice: mean('killAtNotice'), waitForVisibility: mean('waitForVisibility') },
    byQueue: Object.fromEntries(kinds) as Record<QueueKind['name'], WorkLost>,
  };
};
