import type { StandardSchemaV1 } from '@standard-schema/spec';

interface TaskEstimate {
  /** The task's own estimate of the time it still needs. */
  readonly secondsLeft?: number;
  /** It writes a checkpoint by itself once `signal` aborts: it may be left running to the last moment. */
  readonly savesWhenStopped?: boolean;
}

/** How far a task is: as records done, or as a share of the work from 0 to 1. All of it are hints; none is required. */
export type TaskProgress = TaskEstimate &
  ({ readonly done: number; readonly total: number } | { readonly share?: number });

/** What a task sees of the machine that it runs on. */
export interface TaskContext<Checkpoint = unknown> {
  readonly taskId: string;
  /**
   * Raised by every taking of the task. Hand it to what you write to, and let that refuse a lower one: then a machine
   * that stood still and woke up late cannot overwrite what its successor wrote.
   */
  readonly attempt: number;
  /** The last accepted checkpoint, of this attempt or an earlier one; `undefined` at the first start. */
  readonly resume: Checkpoint | undefined;
  /** Aborted when the task should stop: its machine goes, or the task was given away. Pass it on, or look at it between steps. */
  readonly signal: AbortSignal;
  /** Aborted when the machine begins to drain. The task may go on: `deadline` says how long, `signal` when to stop. */
  readonly notice: AbortSignal;
  /** Epoch milliseconds at which it will be ended; `undefined` while nothing is planned. */
  readonly deadline: number | undefined;
  /**
   * Stores how far the task is, and resolves once that is certain. The next attempt finds the value in `resume`.
   * ```ts
   * await context.checkpoint({ page: 12 });
   * ```
   * @param value kept as JSON, at most 1 MiB of it
   * @throws StaleAttempt when somebody else has the task now: stop, nothing more of this attempt is accepted
   */
  checkpoint(value: Checkpoint): Promise<void>;
  /**
   * Says once how the state is found: it is stored every so many seconds while the task runs, and again at the moment
   * when it is asked to stop. Nothing else is to be done. A function that throws fails the task.
   * ```ts
   * context.checkpoint(() => ({ page, found }), 30);
   * ```
   * @param save answers the state at that moment; called between the steps of your code, never in the middle of one
   */
  checkpoint(save: () => Checkpoint | Promise<Checkpoint>, everySeconds: number): void;
  /**
   * Tells how far the task is. Writes nothing, so call it as often as you like: a machine about to end decides by it
   * whether the task can finish, and the next checkpoint stores the share for people to see.
   */
  progress(progress: TaskProgress): void;
  /**
   * Makes the result final before `run` is over, under the same fence as its end; what `run` returns or throws later
   * counts for nothing. For tasks that tidy up, or tell others, once the result is certain.
   * @throws StaleAttempt when somebody else has the task now: the result was not accepted
   */
  commit(result: unknown): Promise<void>;
}

/** What may be said of a task, besides what it does. */
export interface TaskPolicy {
  /** One line for people; the agent's log shows it. */
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Failures at which the task is dead, instead of the fleet's figure. `1` never tries again. Being reclaimed counts for nothing. */
  readonly failuresMax?: number;
  /** The pause after a failure, 0 to 43,200 (12 hours), instead of the fleet's figure. */
  readonly retryDelaySeconds?: number;
}

/** A task as its user writes it. */
export interface TaskDefinition<Input = unknown, Result = unknown, Checkpoint = unknown> extends TaskPolicy {
  /** Shown in logs; with several tasks in one file, the body's `task` field chooses by it. */
  readonly name: string;
  /**
   * Any Standard Schema: zod, valibot, arktype. It gives `input` its type and checks every body before `run` sees it;
   * a body that it refuses makes the task dead at once, with the path and message of each problem and none of the values.
   */
  readonly schema?: StandardSchemaV1<unknown, Input>;
  /**
   * The work. What it returns is the result: kept as JSON, at most 1 MiB of it, `undefined` as `null`. What it throws is
   * a failure, unless it was asked to stop before, or throws `HandBack`.
   */
  run(context: TaskContext<Checkpoint>, input: Input): Promise<Result> | Result;
}

/** What a task file exports by default: one task, or several of which each body names its own. */
export type Tasks = TaskDefinition | readonly TaskDefinition[];

/** The longest that SQS hides a message. */
const RETRY_DELAY_SECONDS_MAX = 43_200;

const problemsOf = ({ name, run, schema, failuresMax, retryDelaySeconds }: Partial<TaskDefinition>): string[] => {
  const isDelay = (value: number) => value >= 0 && value <= RETRY_DELAY_SECONDS_MAX;
  return [
    ...(typeof name === 'string' && name.trim() !== '' ? [] : ['`name` is missing: give the task a name']),
    ...(typeof run === 'function' ? [] : ['`run` is missing: write run(context, input) { … }']),
    ...(schema === undefined || typeof schema?.['~standard']?.validate === 'function'
      ? []
      : ['`schema` is not a Standard Schema: use one of zod 3.24+, valibot 1+ or arktype 2+, or leave it out']),
    ...(failuresMax === undefined || (Number.isInteger(failuresMax) && failuresMax >= 1)
      ? []
      : ['`failuresMax` is not a whole number of at least 1']),
    ...(retryDelaySeconds === undefined || isDelay(retryDelaySeconds)
      ? []
      : [`\`retryDelaySeconds\` is not a number from 0 to ${RETRY_DELAY_SECONDS_MAX}`]),
  ];
};

/**
 * Defines a task; export it by default.
 * ```ts
 * import { defineTask } from 'spothop';
 * import { z } from 'zod';
 *
 * export default defineTask({
 *   name: 'resize',
 *   schema: z.object({ from: z.string(), to: z.string() }),
 *   async run(context, input) {
 *     await resize(input.from, input.to, { signal: context.signal });
 *     return { written: input.to };
 *   },
 * });
 * ```
 * Without a schema the type written at `input` is believed. A checkpoint gets its type from the first parameter:
 * `run(context: TaskContext<{ page: number }>, input)`.
 * @throws TypeError naming everything that is wrong with the definition
 */
export const defineTask = <Input = unknown, Result = unknown, Checkpoint = unknown>(
  definition: TaskDefinition<Input, Result, Checkpoint>,
): TaskDefinition<Input, Result, Checkpoint> => {
  const problems = problemsOf(definition as Partial<TaskDefinition>);
  if (problems.length > 0) throw new TypeError(`This is no task: ${problems.join('; ')}.`);
  return definition;
};
