import { isTaskId, type TaskId } from './ids.ts';

export type IdInBody =
  | { readonly ok: true; readonly taskId: TaskId }
  | { readonly ok: false; readonly because: string; readonly fix: string };

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const refused = (because: string, fix: string): IdInBody => ({ ok: false, because, fix });

/** Beyond 2^53 two numbers of the text may be read as one, and two tasks would share an id. */
const isAmbiguous = (value: unknown): boolean => typeof value === 'number' && !Number.isSafeInteger(value);

/**
 * The id of a task that its own body carries, under a path of field names such as `order.id`: the rule by which agents
 * register messages of producers that know nothing of us. Text and whole numbers are ids; a list's positions are names.
 */
export const idInBody = (body: unknown, path: string): IdInBody => {
  const value = path
    .replace(/^\$\./, '')
    .split('.')
    .reduce<unknown>((found, name) => fieldOf(found, name), body);
  if (value === undefined) return refused('is missing', 'give every task its id there');
  if (isAmbiguous(value)) return refused('is a number that JSON cannot keep exactly', 'write it in quotes');
  const id = typeof value === 'number' ? String(value) : value;
  if (isTaskId(id)) return { ok: true, taskId: id };
  return refused('is no task id', 'write 1 to 256 printable ASCII characters without blanks, and not __proto__');
};
