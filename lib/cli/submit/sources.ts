import { TASK_BODY_BYTES_MAX } from '../../fleet/limits.ts';
import { type IdRule, type Refusal, readTask, TOO_LARGE } from '../../workflows/new-task.ts';
import type { NewTask } from '../../workflows/submit-tasks.ts';
import type { ByteSource } from '../world.ts';
import { type Line, linesOf } from './lines.ts';
import type { Place } from './refusals.ts';
import type { SchemaCheck } from './schema.ts';

/** What tasks are read from: a file of lines, or one task given whole. */
export type Source =
  | { readonly kind: 'lines'; readonly file: string; readonly bytes: ByteSource }
  | { readonly kind: 'whole'; readonly file: string; readonly text: string };

/** A task with the place it was read at. */
export interface PlacedTask extends NewTask {
  readonly place: Place;
}

export type Reading =
  | { readonly ok: true; readonly task: PlacedTask }
  | { readonly ok: false; readonly place: Place; readonly refusals: readonly Refusal[] };

export interface ReadRules {
  readonly id: IdRule;
  readonly check: SchemaCheck;
}

/** White space around a body does not count towards its limit; this much of it is put up with. */
const LINE_BYTES_MAX = TASK_BODY_BYTES_MAX + 1_024;

const NOT_UTF_8: Refusal = { path: '', because: 'is not UTF-8', fix: 'convert the file, such as with iconv -t UTF-8' };

export const isRepeatable = (source: Source): boolean => source.kind === 'whole' || source.bytes.isRepeatable;

const readText = async (text: string, place: Place, { id, check }: ReadRules): Promise<Reading> => {
  const read = readTask(text, id);
  if (!read.ok) return { ok: false, place, refusals: [read.refusal] };
  const refusals = await check(read.task.body);
  return refusals.length === 0 ? { ok: true, task: { ...read.task, place } } : { ok: false, place, refusals };
};

const readLine = async (line: Line, file: string, rules: ReadRules): Promise<Reading> => {
  const place = { file, line: line.number };
  if ('text' in line) return readText(line.text, place, rules);
  return { ok: false, place, refusals: [line.fault === 'too-long' ? TOO_LARGE : NOT_UTF_8] };
};

/** Every task of the sources in order, or why it is none; nothing more once the signal aborts. */
export async function* readSources(
  sources: readonly Source[],
  rules: ReadRules,
  signal: AbortSignal,
): AsyncGenerator<Reading, void, undefined> {
  for (const source of sources) {
    if (signal.aborted) return;
    const { file } = source;
    if (source.kind === 'whole') {
      yield await readText(source.text, { file, line: 0 }, rules);
      continue;
    }
    for await (const line of linesOf(source.bytes.read(signal), LINE_BYTES_MAX)) {
      if (signal.aborted) return;
      yield await readLine(line, file, rules);
    }
  }
}
