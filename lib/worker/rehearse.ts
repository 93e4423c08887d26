import type { TaskContext, TaskDefinition, TaskProgress } from './define-task.ts';
import { toJsonText } from './kept-json.ts';
import { readInput } from './validate-input.ts';

export interface RehearsalOptions {
  /** 1 unless told otherwise. */
  readonly attempt?: number;
  /** The checkpoint that an earlier attempt has left, such as the last one of another rehearsal. */
  readonly resume?: unknown;
  /** The task is asked to stop as soon as it has stored this many checkpoints. */
  readonly stopAfterCheckpoints?: number;
  /** Aborted when the task should be asked to stop. */
  readonly stop?: AbortSignal;
}

/** How one attempt of a task went. */
export interface Rehearsal {
  readonly end:
    | { readonly kind: 'done'; readonly result: unknown }
    | { readonly kind: 'handed back'; readonly reason: string }
    | { readonly kind: 'failed'; readonly reason: string; readonly isFinal: boolean };
  /** What it stored, oldest first. */
  readonly checkpoints: readonly unknown[];
  readonly progress: readonly TaskProgress[];
}

/** What is kept is kept as JSON, so a test must not see more than that. @throws NotKeepable, as on a machine */
const kept = (value: unknown, what: 'result' | 'checkpoint'): unknown => JSON.parse(toJsonText(value, what));

/** Between checkpoint and stop nothing of the task runs, as on a machine whose notice comes just then. */
const createStage = (taskId: string, { attempt = 1, resume, stopAfterCheckpoints, stop }: RehearsalOptions) => {
  const [checkpoints, progress]: [unknown[], TaskProgress[]] = [[], []];
  const stopping = new AbortController();
  const signal = stop === undefined ? stopping.signal : AbortSignal.any([stopping.signal, stop]);
  let save: (() => unknown) | undefined;
  let committed: { readonly result: unknown } | undefined;
  const store = async (value: unknown): Promise<void> => {
    checkpoints.push(kept(value, 'checkpoint'));
    if (checkpoints.length === stopAfterCheckpoints) stopping.abort();
  };
  function checkpoint(value: unknown): Promise<void>;
  function checkpoint(value: () => unknown, everySeconds: number): void;
  function checkpoint(value: unknown): Promise<void> | undefined {
    if (typeof value !== 'function') return store(value);
    save = value as () => unknown;
    return undefined;
  }
  const context: TaskContext = {
    taskId,
    attempt,
    resume: resume === undefined ? undefined : kept(resume, 'checkpoint'),
    signal,
    notice: signal,
    deadline: undefined,
    checkpoint,
    progress: (told) => void progress.push(told),
    commit: async (result) => {
      committed ??= { result: kept(result, 'result') };
    },
  };
  return { context, checkpoints, progress, signal, save: () => save, committed: () => committed };
};

type Stage = ReturnType<typeof createStage>;

const endOfError = (error: unknown, signal: AbortSignal): Rehearsal['end'] => {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'PermanentFailure') return { kind: 'failed', reason: message, isFinal: true };
  if (name === 'HandBack' || name === 'StaleAttempt' || signal.aborted) return { kind: 'handed back', reason: message };
  return { kind: 'failed', reason: message, isFinal: false };
};

const run = async (definition: TaskDefinition, input: unknown, stage: Stage): Promise<Rehearsal['end']> => {
  try {
    const result = await definition.run(stage.context, input);
    return { kind: 'done', result: (stage.committed() ?? { result: kept(result, 'result') }).result };
  } catch (error) {
    const committed = stage.committed();
    if (committed !== undefined) return { kind: 'done', result: committed.result };
    const end = endOfError(error, stage.signal);
    const save = stage.save();
    if (end.kind === 'handed back' && save !== undefined) await stage.context.checkpoint(await save());
    return end;
  }
};

/**
 * Runs one attempt of a task by itself, for a test of yours: no agent, no queue, no AWS. The input is checked by the
 * schema as a body would be; checkpoints and results are kept as JSON. `checkpoint(save, seconds)` stores at the end only,
 * because no time passes here.
 * ```ts
 * const first = await rehearse(task, { pages: 10 }, { stopAfterCheckpoints: 3 });
 * const second = await rehearse(task, { pages: 10 }, { attempt: 2, resume: first.checkpoints.at(-1) });
 * ```
 */
export const rehearse = async <Input, Result, Checkpoint>(
  task: TaskDefinition<Input, Result, Checkpoint>,
  input: unknown,
  options: RehearsalOptions = {},
): Promise<Rehearsal> => {
  const definition = task as unknown as TaskDefinition;
  const stage = createStage(definition.name, options);
  const { checkpoints, progress } = stage;
  const reading = await readInput(definition, JSON.stringify(input) ?? 'null');
  if (!reading.ok)
    return { end: { kind: 'failed', reason: reading.problems.join('; '), isFinal: true }, checkpoints, progress };
  return { end: await run(definition, reading.input, stage), checkpoints, progress };
};
