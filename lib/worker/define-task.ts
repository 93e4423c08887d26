/** What a task sees of the machine it runs on. */
export interface TaskContext<Checkpoint = unknown> {
  readonly taskId: string;
  /** Grows with every taking of the task: hand it to whatever you write to, to refuse an older attempt there too. */
  readonly attempt: number;
  /** Aborted when the task should stop: its machine goes, or the task was given away. Look at it between steps. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds at which it will be stopped; `undefined` while nothing is planned. */
  readonly deadline: number | undefined;
  /** The last checkpoint, of this attempt or an earlier one. */
  readonly resume: Checkpoint | undefined;
  /**
   * Stores how far the task is, and resolves once that is certain. The value must survive JSON.
   * @throws StaleAttempt when somebody else has the task now: stop, nothing more of this attempt will be accepted.
   */
  checkpoint(value: Checkpoint): Promise<void>;
}

/** A task as its user writes it. What `run` returns is the result; what it throws is a failure. */
export interface TaskDefinition<Input = unknown, Result = unknown, Checkpoint = unknown> {
  readonly name: string;
  run(context: TaskContext<Checkpoint>, input: Input): Promise<Result> | Result;
}

/** The attempt is over: the control plane gave the task to somebody else, or it is finished. */
export class StaleAttempt extends Error {
  override readonly name = 'StaleAttempt';
  constructor() {
    super('This attempt is over: the task has been given to another machine, or is finished. Stop; nothing is lost.');
  }
}

/**
 * ```ts
 * export default defineTask({
 *   name: 'resize',
 *   async run(context, input: { from: string; to: string }) {
 *     await resize(input.from, input.to, context.signal);
 *     return { written: input.to };
 *   },
 * });
 * ```
 */
export const defineTask = <Input, Result, Checkpoint = unknown>(
  definition: TaskDefinition<Input, Result, Checkpoint>,
): TaskDefinition<Input, Result, Checkpoint> => definition;
