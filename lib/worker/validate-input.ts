import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TaskDefinition, Tasks } from './define-task.ts';
import { redact } from './redact.ts';

/** A body as its task will see it, or why no task takes it: one line for each problem, without any value of the body. */
export type InputReading =
  | { readonly ok: true; readonly definition: TaskDefinition; readonly input: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

export type InputCheck = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

const PROBLEMS_MAX = 10;

/** A body that is not JSON is handed over as the text it is. */
const parseBody = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const isList = (tasks: Tasks): tasks is readonly TaskDefinition[] => Array.isArray(tasks);

export const definitionsOf = (tasks: Tasks): readonly TaskDefinition[] => (isList(tasks) ? tasks : [tasks]);

const fieldOf = (value: unknown, field: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[field] : undefined;

/** A file with one task gives it every body; one with a list lets the body's `task` field choose. */
const chooseTask = (tasks: Tasks, body: unknown): TaskDefinition | undefined =>
  isList(tasks) ? tasks.find(({ name }) => name === fieldOf(body, 'task')) : tasks;

const unknownTask = (tasks: Tasks): string => {
  const names = definitionsOf(tasks).map(({ name }) => JSON.stringify(name));
  return `its field \`task\` names none of the tasks of the file: ${names.join(', ')}`;
};

const keyOf = (segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey =>
  typeof segment === 'object' ? segment.key : segment;

const pathText = (keys: readonly PropertyKey[]): string =>
  keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

const problemOf = (body: unknown, { message, path = [] }: StandardSchemaV1.Issue): string => {
  const keys = path.map(keyOf);
  const text = redact(message, keys.reduce(fieldOf, body));
  return keys.length === 0 ? text : `${pathText(keys)}: ${text}`;
};

const problemsOf = (body: unknown, issues: readonly StandardSchemaV1.Issue[]): string[] => {
  const problems = issues.slice(0, PROBLEMS_MAX).map((issue) => problemOf(body, issue));
  return issues.length > PROBLEMS_MAX ? [...problems, `and ${issues.length - PROBLEMS_MAX} more`] : problems;
};

/** Chooses the task of a body and has its schema look at it. What a schema throws passes through. */
export const readInput = async (tasks: Tasks, text: string): Promise<InputReading> => {
  const body = parseBody(text);
  const definition = chooseTask(tasks, body);
  if (definition === undefined) return { ok: false, problems: [unknownTask(tasks)] };
  if (definition.schema === undefined) return { ok: true, definition, input: body };
  const checked = await definition.schema['~standard'].validate(body);
  if (checked.issues === undefined) return { ok: true, definition, input: checked.value };
  return { ok: false, problems: problemsOf(body, checked.issues) };
};

/**
 * Whether a body would be taken by the tasks of a file, so that nobody sends one that must fail. Each problem is one
 * line with its path, and holds no value of the body.
 */
export const validateInput = async (tasks: Tasks, text: string): Promise<InputCheck> => {
  const reading = await readInput(tasks, text);
  return reading.ok ? { ok: true } : reading;
};
