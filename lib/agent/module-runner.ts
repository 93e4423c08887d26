import type { Clock } from '../ports/clock.ts';
import type { TaskContext, TaskDefinition, TaskProgress, Tasks } from '../worker/define-task.ts';
import { toJsonText } from '../worker/kept-json.ts';
import { definitionsOf, readInput } from '../worker/validate-input.ts';
import {
  type FailurePolicy,
  type ProgressReport,
  plausibleFigures,
  printableReason,
  type RunnerContext,
  type RunnerOutcome,
  type TaskRunner,
} from './runner.ts';
import { createSaver, type TaskSaver } from './task-saver.ts';

/** Does one write after the other, in the order asked for: an older checkpoint must not come after a newer one. */
const createWrites = (context: RunnerContext) => {
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = (write: () => Promise<void>): Promise<void> => {
    const done = last.then(write);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    checkpoint: (text: string) => inOrder(() => context.checkpoint(text)),
    commit: (text: string) => inOrder(() => context.commit(text)),
    settled: () => last,
  };
};

type Writes = ReturnType<typeof createWrites>;

const share = (done: number, total: number): number => (total > 0 ? Math.min(1, Math.max(0, done / total)) : 1);

const withShare = (progress: TaskProgress): ProgressReport => {
  if (!('done' in progress)) return progress;
  const { done, total, ...rest } = progress;
  return { ...rest, share: share(done, total) };
};

const reportOf = (progress: TaskProgress): ProgressReport => {
  const { savesWhenStopped, ...figures } = withShare(progress);
  return { ...plausibleFigures(figures), ...(savesWhenStopped === undefined ? {} : { savesWhenStopped }) };
};

/** Node's own message would quote the text, and a checkpoint is a payload. */
const parseResume = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw new Error(
      'Its last checkpoint is not JSON: it was written by another kind of worker. Submit the task again under a new id.',
    );
  }
};

/** What the task's code is handed: its own view of the runner's context. */
const taskContext = (context: RunnerContext, writes: Writes, saver: TaskSaver): TaskContext => {
  const checkpointNow = async (value: unknown) => writes.checkpoint(toJsonText(value, 'checkpoint'));
  function checkpoint(value: unknown): Promise<void>;
  function checkpoint(save: () => unknown, everySeconds: number): void;
  function checkpoint(value: unknown, everySeconds?: number): Promise<void> | undefined {
    if (typeof value !== 'function') return checkpointNow(value);
    saver.register(value as () => unknown, everySeconds as number);
    context.progress({ savesWhenStopped: true });
    return undefined;
  }
  return {
    taskId: context.taskId,
    attempt: context.attempt,
    resume: parseResume(context.resume),
    signal: context.signal,
    notice: context.noticeSignal,
    get deadline() {
      return context.deadline();
    },
    checkpoint,
    progress: (progress) => context.progress(reportOf(progress)),
    commit: async (result) => writes.commit(toJsonText(result, 'result')),
  };
};

const policyOf = ({ failuresMax, retryDelaySeconds }: TaskDefinition): FailurePolicy => ({
  ...(failuresMax === undefined ? {} : { failuresMax }),
  ...(retryDelaySeconds === undefined ? {} : { retryDelaySeconds }),
});

interface Thrown {
  /** Empty for what is no error. */
  readonly name: string;
  readonly message: string;
}

/** Anything can be thrown, such as what throws again when it is looked at. */
const thrownOf = (error: unknown): Thrown => {
  try {
    if (!(error instanceof Error)) return { name: '', message: String(error) };
    return { name: String(error.name), message: String(error.message) };
  } catch {
    return { name: '', message: 'it threw something that cannot be shown' };
  }
};

const SPEAK_FOR_THEMSELVES: readonly string[] = ['', 'Error', 'PermanentFailure', 'NotKeepable', 'HandBack'];

/** What was thrown, for people: its name says more than its message where it has one of its own. */
export const reasonOf = (error: unknown): string => {
  const { name, message } = thrownOf(error);
  return printableReason(SPEAK_FOR_THEMSELVES.includes(name) ? message : `${name}: ${message}`);
};

/**
 * Whoever stops because the signal said so has not failed. Errors of ours are known by name, because a bundled task file
 * has a copy of their classes of its own.
 */
const outcomeOfError = (context: RunnerContext, definition: TaskDefinition, error: unknown): RunnerOutcome => {
  const { name } = thrownOf(error);
  if (name === 'PermanentFailure') return { kind: 'failed', reason: reasonOf(error), isFinal: true };
  if (name === 'HandBack') return { kind: 'hand-back', reason: reasonOf(error) };
  if (name === 'StaleAttempt') return { kind: 'hand-back', reason: 'its attempt is over' };
  if (context.signal.aborted) return { kind: 'hand-back', reason: 'it stopped when asked to' };
  return { kind: 'failed', reason: reasonOf(error), ...policyOf(definition) };
};

const resultOf = async (running: () => unknown, saver: TaskSaver): Promise<RunnerOutcome> => {
  const ended = (async () => running())();
  return { kind: 'done', result: toJsonText(await Promise.race([ended, saver.failed]), 'result') };
};

const runDefinition = async (
  definition: TaskDefinition,
  input: unknown,
  context: RunnerContext,
  clock: Clock,
): Promise<RunnerOutcome> => {
  const writes = createWrites(context);
  const saver = createSaver({ clock, signal: context.signal, write: writes.checkpoint });
  const run = () => definition.run(taskContext(context, writes, saver), input);
  const outcome = await resultOf(run, saver).catch((error) => outcomeOfError(context, definition, error));
  await saver.close({ isHandedBack: outcome.kind === 'hand-back' });
  await writes.settled();
  return outcome;
};

export interface ModuleRunnerOptions {
  readonly clock: Clock;
  /** Told what the task that a body chose says of its failures, before anything of it runs. */
  onChosen?(policy: FailurePolicy): void;
}

/** Runs the tasks of a module inside the present process. */
export const moduleRunner = (tasks: Tasks, { clock, onChosen }: ModuleRunnerOptions): TaskRunner => ({
  name: definitionsOf(tasks)
    .map(({ name }) => name)
    .join(', '),
  run: async (context) => {
    try {
      const reading = await readInput(tasks, context.input);
      if (!reading.ok) {
        const reason = printableReason(`its input was refused: ${reading.problems.join('; ')}`);
        return { kind: 'failed', reason, isFinal: true };
      }
      onChosen?.(policyOf(reading.definition));
      return await runDefinition(reading.definition, reading.input, context, clock);
    } catch (error) {
      return { kind: 'failed', reason: `its schema failed: ${reasonOf(error)}` };
    }
  },
});
