import { type IdInBody, idInBody } from '../fleet/id-in-body.ts';
import { isTaskId, taskId } from '../fleet/ids.ts';
import { TASK_BODY_BYTES_MAX } from '../fleet/limits.ts';
import { sha256Of } from './content.ts';
import type { NewTask } from './submit-tasks.ts';

/** Why a body is no task: where in it, why, and what to do. Holds no value of the body (S2). */
export interface Refusal {
  readonly path: string;
  readonly because: string;
  readonly fix: string;
}

export type ReadTask =
  | { readonly ok: true; readonly task: NewTask }
  | { readonly ok: false; readonly refusal: Refusal };

/** Where a task's id comes from: it is given, it stands in the body, or it follows from the body. */
export type IdRule =
  | { readonly from: 'given'; readonly id: string }
  | { readonly from: 'path'; readonly path: string }
  | { readonly from: 'digest' };

/** By the path under which bodies carry their ids; without one, by the body itself. */
export const idRuleByPath = (path: string | undefined): IdRule =>
  path === undefined ? { from: 'digest' } : { from: 'path', path };

/** 128 bits of the digest: two bodies never meet in them by chance, and if they did it would be told as a conflict. */
const DIGEST_CHARACTERS = 32;

const idOf = (rule: IdRule, body: string, value: unknown): IdInBody => {
  if (rule.from === 'path') return idInBody(value, rule.path);
  if (rule.from === 'digest') return { ok: true, taskId: taskId(`body-${sha256Of(body).slice(0, DIGEST_CHARACTERS)}`) };
  if (isTaskId(rule.id)) return { ok: true, taskId: rule.id };
  return {
    ok: false,
    because: 'is no task id',
    fix: 'give 1 to 256 printable ASCII characters without blanks, and not __proto__',
  };
};

const refused = (path: string, because: string, fix: string): ReadTask => ({
  ok: false,
  refusal: { path, because, fix },
});

/** Only where the fault stands is taken of the parser's words: they quote the text. */
const placeOfFault = (error: unknown): string => {
  const position = /at position (\d+)/.exec(String(error))?.[1];
  return position === undefined ? '' : ` (from character ${Number(position) + 1})`;
};

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly place: string };

const parse = (body: string): Parsed => {
  try {
    return { ok: true, value: JSON.parse(body) };
  } catch (error) {
    return { ok: false, place: placeOfFault(error) };
  }
};

export const TOO_LARGE: Refusal = {
  path: '',
  because: `is longer than the ${TASK_BODY_BYTES_MAX / 1_024 / 1_024} MiB that a task's body may have`,
  fix: 'put the data into S3, and its name into the body',
};

/** The same text is always the same task. White space around it does not count. */
export const readTask = (text: string, rule: IdRule): ReadTask => {
  const body = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  if (Buffer.byteLength(body, 'utf8') > TASK_BODY_BYTES_MAX) return { ok: false, refusal: TOO_LARGE };
  const parsed = parse(body);
  if (!parsed.ok) return refused('', `is not JSON${parsed.place}`, 'write one JSON value, text in double quotes');
  const id = idOf(rule, body, parsed.value);
  if (id.ok) return { ok: true, task: { taskId: id.taskId, body } };
  return refused(rule.from === 'path' ? rule.path : 'id', id.because, id.fix);
};
