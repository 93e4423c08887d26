import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TaskContext, TaskDefinition } from '../worker/define-task.ts';
import { printableReason, type RunnerContext, type RunnerOutcome, type TaskRunner } from './runner.ts';

/** A body that is not JSON is handed over as the text it is. */
const inputOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const taskContext = (context: RunnerContext): TaskContext => ({
  taskId: context.taskId,
  attempt: context.attempt,
  signal: context.signal,
  get deadline() {
    return context.deadline();
  },
  resume: context.resume === undefined ? undefined : JSON.parse(context.resume),
  checkpoint: (value) => context.checkpoint(JSON.stringify(value ?? null)),
});

/** Whoever stops because the signal said so has not failed. */
const outcomeOfError = (context: RunnerContext, error: unknown): RunnerOutcome =>
  context.signal.aborted
    ? { kind: 'hand-back', reason: 'it stopped when asked to' }
    : { kind: 'failed', reason: printableReason(error instanceof Error ? error.message : String(error)) };

/** Runs a task definition inside the agent's own process. */
export const moduleRunner = (definition: TaskDefinition): TaskRunner => ({
  name: definition.name,
  run: async (context) => {
    try {
      const result = await definition.run(taskContext(context), inputOf(context.input));
      return { kind: 'done', result: JSON.stringify(result ?? null) };
    } catch (error) {
      return outcomeOfError(context, error);
    }
  },
});

const isTaskDefinition = (value: unknown): value is TaskDefinition =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as TaskDefinition).name === 'string' &&
  typeof (value as TaskDefinition).run === 'function';

/** Loads a module whose default export is a task definition. @throws with what to write when it is not. */
export const loadTaskFile = async (path: string): Promise<TaskDefinition> => {
  const module = (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown };
  if (isTaskDefinition(module.default)) return module.default;
  throw new Error(
    `${path} exports no task; write: export default defineTask({ name: '…', run(context, input) { … } }).`,
  );
};
