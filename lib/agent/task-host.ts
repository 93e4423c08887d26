import { AsyncLocalStorage } from 'node:async_hooks';
import { writeFileSync, writeSync } from 'node:fs';
import { taskId } from '../fleet/ids.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Tasks } from '../worker/define-task.ts';
import { StaleAttempt } from '../worker/errors.ts';
import { loadTaskFile } from '../worker/load-task-file.ts';
import { definitionsOf } from '../worker/validate-input.ts';
import { moduleRunner, reasonOf } from './module-runner.ts';
import type { FailurePolicy, ProgressReport, RunnerContext, TaskRunner } from './runner.ts';
import { type FromHost, type HostedTask, outputMark, type ToHost, type WriteKind } from './task-host-messages.ts';

/** A task may report progress for every record; the agent looks at it a few times a minute at most. */
const PROGRESS_SECONDS = 0.25;
/** Among the kernel's victims when memory runs out, a host comes before the agent that hands its tasks back. */
const OOM_SCORE = '500';
const STDERR = 2;

/** Kept from the tasks: what they sent would look like ours. */
const sendToAgent = process.send?.bind(process);

const send = (message: FromHost): void => {
  if (process.connected) sendToAgent?.(message, undefined, undefined, () => undefined);
};

interface HostedRun {
  readonly number: number;
  readonly stop: AbortController;
  readonly notice: AbortController;
  deadline: EpochMs | undefined;
  isOver: boolean;
}

/** Writes that the agent was asked for and has not answered. */
const createWriteDesk = () => {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let next = 0;
  return {
    ask: (run: HostedRun, what: WriteKind, text: string): Promise<void> => {
      const answer = Promise.withResolvers<void>();
      next += 1;
      waiting.set(next, answer);
      send({ kind: 'write', run: run.number, write: next, what, text });
      return answer.promise;
    },
    answer: (write: number, error?: Error): void => {
      const asked = waiting.get(write);
      waiting.delete(write);
      if (error === undefined) asked?.resolve();
      else asked?.reject(error);
    },
  };
};

type WriteDesk = ReturnType<typeof createWriteDesk>;

/** Passes on the newest of what a run reports, now and then, and always before a checkpoint, which stores it. */
const createReporter = (run: HostedRun, clock: Clock) => {
  let pending: ProgressReport | undefined;
  const flush = (): void => {
    if (pending !== undefined && !run.isOver) send({ kind: 'progress', run: run.number, report: pending });
    pending = undefined;
  };
  const report = (progress: ProgressReport): void => {
    if (pending === undefined) void clock.sleep(secondsToMs(PROGRESS_SECONDS), run.stop.signal).then(flush);
    pending = { ...pending, ...progress };
  };
  return { flush, report };
};

const contextOf = (
  run: HostedRun,
  message: Extract<ToHost, { kind: 'run' }>,
  desk: WriteDesk,
  clock: Clock,
): RunnerContext => {
  const reporter = createReporter(run, clock);
  const ask = (what: WriteKind, text: string): Promise<void> => {
    reporter.flush();
    return desk.ask(run, what, text);
  };
  return {
    taskId: taskId(message.taskId),
    attempt: message.attempt,
    input: message.input,
    resume: message.resume,
    signal: run.stop.signal,
    killSignal: run.stop.signal,
    noticeSignal: run.notice.signal,
    deadline: () => run.deadline,
    checkpoint: (text) => ask('checkpoint', text),
    commit: (text) => ask('commit', text),
    progress: reporter.report,
  };
};

/** Whose code is running: what it prints, and what it throws with nobody there to catch it, is that run's. */
const current = new AsyncLocalStorage<HostedRun>();

const markOutput = (stream: NodeJS.WriteStream): void => {
  const write = stream.write.bind(stream);
  let marked: number | undefined;
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]): boolean => {
    const run = current.getStore()?.number;
    if (run !== marked) write(outputMark(run));
    marked = run;
    return write(chunk, ...rest);
  }) as typeof stream.write;
};

/** Never throws: what is thrown while a process exits leaves it half ended, neither gone nor able to go on. */
const printError = (text: string): void => {
  try {
    writeSync(STDERR, text);
  } catch {
    // A task has closed it, or its reader is behind: the agent learns less, and nothing else.
  }
};

/**
 * Comes to pass only if the exit that was begun has failed, such as by a task's own exit listener that threw. Node goes
 * on then, but without ticks: it hears nothing from the agent any more.
 */
const endAfterAll = (): void => void process.kill(process.pid, 'SIGKILL');

/**
 * An error that nobody caught ends the run it came from, and not its neighbours. Where it cannot be told which run that
 * is, the process ends, and the agent finds out.
 */
const catchStrays = (runs: ReadonlyMap<number, HostedRun>): void => {
  const stray = (error: unknown): void => {
    const alive = [...runs.values()].filter(({ isOver }) => !isOver);
    const run = current.getStore() ?? (alive.length === 1 ? alive[0] : undefined);
    const reason = `an error that nobody caught: ${reasonOf(error)}`;
    if (run === undefined && alive.length > 0) {
      printError(`${reason}\n`);
      process.exit(1);
    }
    const isBlamed = run !== undefined && !run.isOver;
    if (isBlamed) run.isOver = true;
    send({ kind: 'strayed', reason, ...(isBlamed ? { run: run.number } : {}) });
  };
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  process.on('exit', () => {
    const run = current.getStore();
    if (run !== undefined) printError(outputMark(run.number, true));
    setImmediate(endAfterAll);
  });
};

const startRun = async (
  run: HostedRun,
  message: Extract<ToHost, { kind: 'run' }>,
  { runner, desk, clock }: { readonly runner: TaskRunner; readonly desk: WriteDesk; readonly clock: Clock },
): Promise<void> => {
  const outcome = await runner.run(contextOf(run, message, desk, clock));
  if (run.isOver) return;
  run.isOver = true;
  send({ kind: 'ended', run: run.number, outcome });
};

const newRun = (number: number): HostedRun => ({
  number,
  stop: new AbortController(),
  notice: new AbortController(),
  deadline: undefined,
  isOver: false,
});

/** The deadline by this machine's own date, which is what a task compares it with. */
const notify = (run: HostedRun | undefined, msLeft: number | undefined, clock: Clock): void => {
  if (run === undefined) return;
  if (msLeft !== undefined) run.deadline = addMs(clock.now(), msLeft);
  run.notice.abort();
};

const serveRuns = (tasks: Tasks, runs: Map<number, HostedRun>, clock: Clock): void => {
  const desk = createWriteDesk();
  const tellChosen = (policy: FailurePolicy): void => {
    const run = current.getStore();
    if (run !== undefined) send({ kind: 'chosen', run: run.number, policy });
  };
  const runner = moduleRunner(tasks, { clock, onChosen: tellChosen });
  const begin = (message: Extract<ToHost, { kind: 'run' }>): void => {
    const run = newRun(message.run);
    runs.set(run.number, run);
    void current.run(run, () => startRun(run, message, { runner, desk, clock })).then(() => runs.delete(run.number));
  };
  const hear: { readonly [K in ToHost['kind']]: (message: Extract<ToHost, { readonly kind: K }>) => void } = {
    run: begin,
    written: ({ write, outcome }) => desk.answer(write, outcome === 'stale' ? new StaleAttempt() : undefined),
    'not-written': ({ write, reason }) => desk.answer(write, new Error(reason)),
    ping: () => send({ kind: 'pong' }),
    stop: ({ run }) => runs.get(run)?.stop.abort(),
    notice: ({ run, msLeft }) => notify(runs.get(run), msLeft, clock),
  };
  process.on('message', (message) => hear[(message as ToHost).kind](message as never));
};

const preferAsVictim = (): void => {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE);
  } catch {
    // Not Linux, or not allowed: the kernel chooses for itself.
  }
};

const hosted = ({ name, description, tags }: HostedTask): HostedTask => ({
  name,
  ...(description === undefined ? {} : { description }),
  ...(tags === undefined ? {} : { tags }),
});

/**
 * The whole life of the process that runs the tasks of a file for the agent that started it. It ends with the agent.
 * Nothing that a task does in here reaches the agent: exits, errors, memory, loops without end.
 */
export const serveTasks = async (taskFile: string, clock: Clock): Promise<void> => {
  process.once('disconnect', () => process.exit());
  // Meant for the agent, which ends the tasks in good order, and this process with them.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  delete process.send;
  preferAsVictim();
  for (const stream of [process.stdout, process.stderr]) markOutput(stream);
  const runs = new Map<number, HostedRun>();
  catchStrays(runs);
  try {
    const tasks = await loadTaskFile(taskFile);
    serveRuns(tasks, runs, clock);
    send({ kind: 'ready', tasks: definitionsOf(tasks).map(hosted) });
  } catch (error) {
    send({ kind: 'unusable', reason: (error as Error).message });
  }
};
