import { type ChildProcess, spawn } from 'node:child_process';
import { secondsToMs, toIso } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import { boundedText, tailText } from './bounded-text.ts';
import { printableReason, type RunnerContext, type RunnerOutcome, type TaskRunner } from './runner.ts';

/** `EX_TEMPFAIL` of sysexits.h: run me again, elsewhere or later. */
export const HAND_BACK_EXIT_CODE = 75;
/** Larger results belong into the worker's own store, with the result naming them. */
export const RESULT_BYTES_MAX = 1_048_576;
const STDERR_BYTES_MAX = 4_096;
/** Between SIGTERM and SIGKILL, when the task was asked to stop and nothing harder has come. */
const KILL_AFTER_SECONDS = 10;

export interface ExecOptions {
  readonly command: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * The command leads a process group of its own, so that whatever it starts ends with it. Beside it waits a guard that
 * reads from a pipe only the agent holds: should the agent die, the pipe ends, and the guard kills the group. The guard
 * ignores SIGTERM, which is meant for the command.
 */
const SHELL_SCRIPT = `
(trap '' TERM INT HUP; read -r _ <&3; kill -s KILL 0) >/dev/null 2>&1 </dev/null &
exec 3<&-
exec /bin/sh -c "$1"
`;

const startCommand = ({ command, environment }: ExecOptions, context: RunnerContext): ChildProcess => {
  const deadline = context.deadline();
  return spawn('/bin/sh', ['-c', SHELL_SCRIPT, 'sh', command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      ...environment,
      SPOTHOP_TASK_ID: context.taskId,
      SPOTHOP_ATTEMPT: String(context.attempt),
      SPOTHOP_DEADLINE: deadline === undefined ? '' : toIso(deadline),
    },
  });
};

/** A group that is gone already is what was wanted. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

interface ExecEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string | undefined;
  readonly stderr: string;
}

/** Resolves when the command has ended and every other process of its group has been killed. */
const endOf = (child: ChildProcess): Promise<ExecEnd> =>
  new Promise((resolve, reject) => {
    const stdout = boundedText(RESULT_BYTES_MAX, () => signalGroup(child, 'SIGKILL'));
    const stderr = tailText(STDERR_BYTES_MAX);
    child.stdout?.on('data', stdout.add);
    child.stderr?.on('data', stderr.add);
    child.once('error', reject);
    // Whoever keeps the pipes open beyond the command's end would keep us waiting, and must not outlive it anyway.
    child.once('exit', () => signalGroup(child, 'SIGKILL'));
    child.once('close', (code, signal) => resolve({ code, signal, stdout: stdout.text(), stderr: stderr.text() }));
  });

/** A command that ends without reading its input has not failed for that. */
const writeInput = (child: ChildProcess, input: string): void => {
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
};

/** SIGTERM when asked to stop, SIGKILL for the whole group after a while or as soon as it must. */
const stopOnRequest = (child: ChildProcess, context: RunnerContext, clock: Clock): void => {
  const ask = async () => {
    signalGroup(child, 'SIGTERM');
    await clock.sleep(secondsToMs(KILL_AFTER_SECONDS), context.killSignal);
    if (child.exitCode === null && child.signalCode === null) signalGroup(child, 'SIGKILL');
  };
  if (context.signal.aborted) void ask();
  else context.signal.addEventListener('abort', () => void ask(), { once: true });
};

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

const failureReason = ({ code, signal, stderr }: ExecEnd): string => {
  const how = code === null ? `killed by ${signal}` : `exit code ${code}`;
  const line = lastLine(stderr);
  return printableReason(line === '' ? how : `${how}: ${line}`);
};

const outcomeOf = (end: ExecEnd, wasAsked: boolean): RunnerOutcome => {
  if (end.stdout === undefined)
    return { kind: 'failed', reason: `its result is larger than ${RESULT_BYTES_MAX} bytes` };
  if (end.code === 0) return { kind: 'done', result: end.stdout };
  if (end.code === HAND_BACK_EXIT_CODE) return { kind: 'hand-back', reason: 'it asked to be handed back' };
  if (wasAsked) return { kind: 'hand-back', reason: 'it stopped when asked to' };
  return { kind: 'failed', reason: failureReason(end) };
};

/**
 * Runs any command: the input on its standard input, the result on its standard output; exit 0 done, 75 hand back,
 * anything else failed. Its group never outlives the agent.
 */
export const execRunner = (options: ExecOptions): TaskRunner => ({
  name: 'exec',
  run: async (context) => {
    const child = startCommand(options, context);
    const ended = endOf(child);
    writeInput(child, context.input);
    stopOnRequest(child, context, options.clock);
    const end = await ended.catch((error: Error) => ({ code: 127, signal: null, stdout: '', stderr: error.message }));
    const wasAsked = context.signal.aborted;
    return outcomeOf(end, wasAsked);
  },
});
