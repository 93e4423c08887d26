import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { printableReason, type RunnerContext, type RunnerOutcome, type TaskRunner } from './runner.ts';
import { createTaskHost, STOPPED, type TaskHost } from './task-host-handle.ts';
import type { HostedTask } from './task-host-messages.ts';
import type { HostedEnd } from './task-host-occupants.ts';
import { createOutputLog } from './task-host-output.ts';
import { type HostCommand, spawnHost } from './task-host-process.ts';
import { createIsolation, type RunMode, type Turn } from './task-isolation.ts';

/** An agent without work is one process. Starting the other takes a tenth of a second. */
const IDLE_SECONDS_MAX = 60;

export interface HostRunnerOptions {
  readonly command: HostCommand;
  /** Service time. */
  readonly clock: Clock;
  /** Real time, for what a process takes. */
  readonly wall: Clock;
  readonly log: Log;
}

/** A run over several hosts: what was accepted of it so far stays, whichever process it is in. */
const createTrack = (context: RunnerContext) => {
  let resume = context.resume;
  let committed: string | undefined;
  const tracked = (): RunnerContext => ({
    ...context,
    resume,
    checkpoint: async (text) => {
      await context.checkpoint(text);
      resume = text;
    },
    commit: async (text) => {
      await context.commit(text);
      committed = text;
    },
  });
  return { context: tracked, committed: () => committed };
};

/** The hosts of one agent: one for all slots, and one for each task that must run alone. */
const createHosts = ({ command, clock, wall, log }: HostRunnerOptions) => {
  const outputLog = createOutputLog(log, clock);
  const living = new Set<TaskHost>();
  let shared: TaskHost | undefined;
  let users = 0;
  let idle = new AbortController();
  let isClosed = false;

  const start = (): TaskHost => {
    const host = createTaskHost({ child: spawnHost(command), clock, wall, log, outputLog });
    living.add(host);
    void host.ended.then(() => living.delete(host));
    return host;
  };

  const sharedHost = (): TaskHost => {
    if (shared?.isAccepting()) return shared;
    shared?.retire();
    shared = start();
    return shared;
  };

  const endWhenIdle = async (): Promise<void> => {
    idle = new AbortController();
    const { signal } = idle;
    await clock.sleep(secondsToMs(IDLE_SECONDS_MAX), signal);
    if (signal.aborted) return;
    shared?.kill();
    shared = undefined;
  };

  const useShared = async <T>(use: (host: TaskHost) => Promise<T>): Promise<T> => {
    users += 1;
    idle.abort();
    try {
      return await use(sharedHost());
    } finally {
      users -= 1;
      if (users === 0 && !isClosed) void endWhenIdle();
    }
  };

  const useOwn = async <T>(use: (host: TaskHost) => Promise<T>): Promise<T> => {
    const host = start();
    try {
      return await use(host);
    } finally {
      host.kill();
    }
  };

  return {
    use: <T>(mode: RunMode, use: (host: TaskHost) => Promise<T>) => (mode === 'alone' ? useOwn(use) : useShared(use)),
    isClosed: () => isClosed,
    close: async (): Promise<void> => {
      isClosed = true;
      idle.abort();
      for (const host of living) host.kill();
      await Promise.all([...living].map(({ ended }) => ended));
    },
  };
};

/** A file that could be loaded when the agent started, and cannot now, is no failure of the task. */
const runInHost = async (host: TaskHost, context: RunnerContext, log: Log): Promise<HostedEnd> => {
  try {
    await host.ready;
  } catch (error) {
    host.kill();
    log.error('tasks could not be loaded', { error: (error as Error).message });
    return { kind: 'outcome', outcome: { kind: 'hand-back', reason: 'its file could not be loaded' } };
  }
  return context.signal.aborted ? { kind: 'outcome', outcome: STOPPED } : host.run(context);
};

const taskText = ({ name, description, tags = [] }: HostedTask): string =>
  printableReason(
    [name, ...tags.map((tag) => `#${tag}`), ...(description === undefined ? [] : [description])].join(' '),
  );

/**
 * Runs the tasks of a file in a process beside the agent, so that nothing they do reaches it (reliability F33). All
 * slots share one such process; it is started again when it ended, and ended when there was nothing to do for a minute.
 *
 * - It ends with one task in it: that task has failed.
 * - It ends with several in it: each is run again alone, one after the other, in the same attempt and from its last
 *   checkpoint, until one is found that ends its process; that one has failed, and the rest go on as before. The same
 *   for a single task when memory ran out in a process that others had used before.
 * - A task does not end when its time is over: its process is killed, unless others are in it. Then the process is given
 *   no more work, and killed when they are through; what the task still writes is refused by the fence. If it keeps the
 *   others from working, the process is killed after 15 s and they are run again.
 * - A task lets nothing else work in the process for a minute, such as by a loop that never waits: the process is killed
 *   and each is run again alone, as above. Whoever does it there as well goes on in a process of its own, beside the
 *   others: that is no failure, for it may compute.
 *
 * Starts the process, and resolves once it has loaded the file. @throws why the file cannot be used
 */
export const startHostRunner = async (options: HostRunnerOptions): Promise<TaskRunner> => {
  const { log } = options;
  const hosts = createHosts(options);
  const isolation = createIsolation();

  /** It is the one that kept the others from working: it goes on in its own process, and they in theirs. */
  const onceBlocked = ({ blocked }: TaskHost, turn: Turn): void =>
    blocked.addEventListener(
      'abort',
      () => {
        isolation.acquit();
        turn.leave();
      },
      { once: true },
    );

  const runOnce = async (mode: RunMode, context: RunnerContext): Promise<HostedEnd & { readonly mode?: RunMode }> => {
    const turn = await isolation.enter(mode, context.signal);
    if (turn === undefined) return { kind: 'outcome', outcome: STOPPED };
    try {
      const end = await hosts.use(turn.mode, (host) => {
        if (turn.mode === 'alone') onceBlocked(host, turn);
        return runInHost(host, context, log);
      });
      const isCulpritFound = turn.mode === 'alone' && end.kind === 'host-ended' && end.blame === 'sure';
      if (isCulpritFound) isolation.acquit();
      return end;
    } finally {
      turn.leave();
    }
  };

  const run = async (context: RunnerContext): Promise<RunnerOutcome> => {
    const track = createTrack(context);
    for (let mode: RunMode = 'together'; ; ) {
      const end = await runOnce(mode, track.context());
      if (end.kind === 'outcome') return end.outcome;
      const result = track.committed();
      if (result !== undefined) return { kind: 'done', result };
      if (context.signal.aborted || hosts.isClosed()) return STOPPED;
      if (end.blame === 'sure') return { kind: 'failed', reason: end.reason, ...end.policy };
      mode = end.blame === 'unknown' ? 'alone' : 'together';
      log.warn('task host ended, task run again', { taskId: context.taskId, mode, reason: end.reason });
    }
  };

  try {
    const tasks = await hosts.use('together', (host) => host.ready);
    log.info('tasks loaded', { tasks: tasks.map(taskText) });
    return { name: tasks.map(({ name }) => name).join(', '), run, close: hosts.close };
  } catch (error) {
    await hosts.close();
    throw error;
  }
};
