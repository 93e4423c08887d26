import type { ChildProcess } from 'node:child_process';
import { secondsToMs, toIso } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { KEPT_BYTES_MAX } from '../worker/kept-json.ts';
import { onAbort, untilAborted } from './aborting.ts';
import { boundedBytes, tailText } from './bounded-text.ts';
import { commandEnvironment } from './exec-environment.ts';
import { fileVariables, openRunFolder, RUN_FILES, type RunFile, type RunFolder } from './exec-folder.ts';
import { type GroupExit, type ProcessGroup, startGroup } from './exec-group.ts';
import { openMail } from './exec-mail.ts';
import { type ExecEnd, outcomeOf } from './exec-outcome.ts';
import { decodeText, readWorkerFile } from './exec-worker-file.ts';
import type { RunnerContext, RunnerOutcome, TaskRunner } from './runner.ts';

const STDERR_BYTES_MAX = 4_096;
/** Between SIGTERM and SIGKILL for a command whose task is somebody else's already. */
const STALE_GRACE_SECONDS = 5;
/** An agent that ends waits so long for what its killed commands leave to be read and removed. */
const CLOSE_WALL_SECONDS_MAX = 5;
/** A process that has left the group may hold the output open for ever; what it says no longer counts. */
const OUTPUT_WALL_SECONDS_MAX = 2;

export interface ExecOptions {
  readonly command: string;
  /** The agent's own; the command is given what is meant for it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fleet: string;
  /** Where the private folder of each run is made; the system's temporary folder otherwise. */
  readonly stateFolder?: string;
  readonly log: Log;
  /** Service time. */
  readonly clock: Clock;
  /** Real time, for what the operating system does. */
  readonly wall: Clock;
}

const FILES_TOLD = Object.keys(RUN_FILES) as RunFile[];

const startCommand = (options: ExecOptions, context: RunnerContext, folder: RunFolder): ProcessGroup => {
  const deadline = context.deadline();
  const environment = commandEnvironment(options.environment, {
    SPOTHOP_TASK_ID: context.taskId,
    SPOTHOP_ATTEMPT: String(context.attempt),
    SPOTHOP_FLEET: options.fleet,
    SPOTHOP_DEADLINE: deadline === undefined ? '' : toIso(deadline),
    ...fileVariables(folder, FILES_TOLD),
  });
  const { command } = options;
  return startGroup({ command, environment, folder: folder.path, streams: ['pipe', 'pipe', 'pipe'] });
};

/** A command that ends without reading its input has not failed for that. */
const writeInput = ({ stdin }: ChildProcess, input: string): void => {
  stdin?.on('error', () => undefined);
  stdin?.end(input);
};

interface Output {
  /** `undefined` when there was more of it than a result may have. */
  stdout(): Buffer | undefined;
  stderr(): string;
  /** Resolves once nobody holds the streams any more. */
  readonly closed: Promise<void>;
  /** Stops waiting for whoever does. */
  abandon(): void;
}

const readOutput = ({ stdout, stderr }: ChildProcess): Output => {
  const result = boundedBytes(KEPT_BYTES_MAX);
  const complaints = tailText(STDERR_BYTES_MAX);
  const streams = [stdout, stderr].flatMap((stream) => stream ?? []);
  stdout?.on('data', result.add);
  stderr?.on('data', complaints.add);
  const closing = streams.map((stream) => new Promise<void>((resolve) => stream.once('close', () => resolve())));
  return {
    stdout: result.bytes,
    stderr: complaints.text,
    closed: Promise.all(closing).then(() => undefined),
    abandon: () => {
      for (const stream of streams) stream.destroy();
    },
  };
};

/** SIGTERM when asked to stop; SIGKILL for the whole group as soon as it must end, or a while after it went stale. */
const stopOnRequest = (
  group: ProcessGroup,
  context: RunnerContext,
  stale: AbortSignal,
  clock: Clock,
): AbortController => {
  const over = new AbortController();
  // One that is stale is told why first, by a file.
  onAbort(context.signal, over.signal, () => context.staleSignal?.aborted || group.signal('SIGTERM'));
  onAbort(context.killSignal, over.signal, () => group.signal('SIGKILL'));
  onAbort(stale, over.signal, async () => {
    group.signal('SIGTERM');
    await clock.sleep(secondsToMs(STALE_GRACE_SECONDS), over.signal);
    group.signal('SIGKILL');
  });
  return over;
};

/**
 * Waits for the command's end, and ends what it leaves behind. A shell that stood in front of the program dies of the
 * SIGTERM that both were sent: what it ran may still write its checkpoint then, as long as its time lasts.
 */
const endOfGroup = async (
  group: ProcessGroup,
  output: Output,
  context: RunnerContext,
  wall: Clock,
): Promise<GroupExit> => {
  const exit = await group.exited;
  const isShellInFront = exit.signal === 'SIGTERM' && context.signal.aborted;
  if (isShellInFront) await Promise.race([output.closed, untilAborted(context.killSignal)]);
  group.end();
  const patience = new AbortController();
  await Promise.race([output.closed, wall.sleep(secondsToMs(OUTPUT_WALL_SECONDS_MAX), patience.signal)]);
  patience.abort();
  output.abandon();
  return exit;
};

/** The file if there is one, standard output otherwise. */
const resultOf = async (folder: RunFolder, stdout: Buffer | undefined): Promise<ExecEnd['result']> => {
  const file = await readWorkerFile(folder.file('result'), KEPT_BYTES_MAX);
  if (file !== undefined) {
    await file.close();
    return file;
  }
  return stdout === undefined ? { refusal: `it is larger than ${KEPT_BYTES_MAX} bytes` } : decodeText(stdout);
};

const runIn = async (folder: RunFolder, options: ExecOptions, context: RunnerContext): Promise<RunnerOutcome> => {
  const { log, clock, wall } = options;
  await folder.write('input', context.input);
  if (context.resume !== undefined) {
    await folder.write('resume', context.resume);
    context.progress({ savesWhenStopped: true });
  }
  const stale = new AbortController();
  const mail = await openMail({ context, folder, clock, wall, log, onStale: () => stale.abort() });
  try {
    if (context.signal.aborted) return { kind: 'hand-back', reason: 'it was asked to stop before it began' };
    const group = startCommand(options, context, folder);
    const output = readOutput(group.leader);
    writeInput(group.leader, context.input);
    const over = stopOnRequest(group, context, stale.signal, clock);
    const exit = await endOfGroup(group, output, context, wall);
    over.abort();
    const wasAsked = context.signal.aborted || stale.signal.aborted || group.wasKilled();
    const result = await resultOf(folder, output.stdout());
    return outcomeOf({ ...exit, result, stderr: output.stderr(), wasAsked });
  } finally {
    await mail.close();
  }
};

/** What the operating system refuses, such as another process or a place on the disk, is not the task's failure. */
const outcomeOfRefusal = ({ log }: ExecOptions, { taskId }: RunnerContext, error: unknown): RunnerOutcome => {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  log.error('this machine could not run the command', { taskId, error: code });
  return { kind: 'hand-back', reason: `this machine could not run the command (${code})` };
};

/** Never rejects. */
const runOnce = async (options: ExecOptions, context: RunnerContext): Promise<RunnerOutcome> => {
  let folder: RunFolder | undefined;
  try {
    folder = await openRunFolder(options.stateFolder, options.log);
    return await runIn(folder, options, context);
  } catch (error) {
    return outcomeOfRefusal(options, context, error);
  } finally {
    await folder?.remove();
  }
};

/**
 * Runs any command: the input on its standard input, the result on its standard output; exit 0 done, 75 hand back,
 * anything else failed. Checkpoints, notice and the rest go through files of a private folder, each named by a variable
 * (docs/worker.md). Its group never outlives the agent.
 */
export const execRunner = (options: ExecOptions): TaskRunner => {
  const underWay = new Set<Promise<RunnerOutcome>>();
  return {
    name: 'exec',
    run: (context) => {
      const running = runOnce(options, context);
      underWay.add(running);
      void running.finally(() => underWay.delete(running));
      return running;
    },
    close: async () => {
      const patience = new AbortController();
      const { wall } = options;
      await Promise.race([Promise.all(underWay), wall.sleep(secondsToMs(CLOSE_WALL_SECONDS_MAX), patience.signal)]);
      patience.abort();
    },
  };
};
