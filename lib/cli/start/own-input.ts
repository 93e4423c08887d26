import type { Tasks } from '../../worker/define-task.ts';
import { idRuleByPath } from '../../workflows/new-task.ts';
import type { NewTask } from '../../workflows/submit-tasks.ts';
import { placeText, refusalLine } from '../submit/refusals.ts';
import { checkBy, NO_CHECK, type SchemaCheck } from '../submit/schema.ts';
import { type PlacedTask, readSources } from '../submit/sources.ts';
import { openBytes } from '../terminal-input.ts';
import { BOUNDS, type StartOptions } from './options.ts';
import type { OwnTask } from './work.ts';

export type ReadInput =
  | { readonly ok: true; readonly tasks: readonly OwnTask[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const SCHEMA_FIX = "correct it, or the task's schema";

const schemaCheck = (tasks: Tasks | undefined): SchemaCheck =>
  tasks === undefined ? NO_CHECK : checkBy(tasks, SCHEMA_FIX);

/** Keeps each task once. The same line again is the same task; the same id with another body cannot be. */
const collector = (problems: string[]) => {
  const found = new Map<string, PlacedTask>();
  return {
    add: (task: PlacedTask): void => {
      const earlier = found.get(task.taskId);
      if (earlier === undefined) found.set(task.taskId, task);
      else if (earlier.body !== task.body) {
        const because = `has the id of ${placeText(earlier.place)} and another body`;
        problems.push(refusalLine(task.place, { path: '', because, fix: 'give each task its own id' }).trimEnd());
      }
    },
    tasks: (): readonly OwnTask[] =>
      [...found.values()].map(({ taskId, body, place }) => ({ taskId, body, line: place.line })),
  };
};

const countProblem = (file: string, count: number): readonly string[] => {
  if (count === 0) return [`--input ${file} has no task; write one JSON body a line`];
  const { max } = BOUNDS.tasks;
  return count > max ? [`--input ${file} has more than ${max} tasks, which is what one machine can play through`] : [];
};

/** The tasks of an input file, or everything that is wrong with it. Nothing else is begun before. */
export const readInput = async (
  file: string,
  { idPath }: StartOptions,
  tasks: Tasks | undefined,
  signal: AbortSignal,
): Promise<ReadInput> => {
  const problems: string[] = [];
  const collected = collector(problems);
  const source = { kind: 'lines', file, bytes: await openBytes(file) } as const;
  for await (const reading of readSources([source], { id: idRuleByPath(idPath), check: schemaCheck(tasks) }, signal)) {
    if (reading.ok) collected.add(reading.task);
    else problems.push(...reading.refusals.map((refusal) => refusalLine(reading.place, refusal).trimEnd()));
  }
  if (problems.length === 0) problems.push(...countProblem(file, collected.tasks().length));
  return problems.length === 0 ? { ok: true, tasks: collected.tasks() } : { ok: false, problems };
};

/** Whether a worker of the user's own takes the demonstration's tasks, which all look alike. */
export const demonstrationFault = async (
  tasks: Tasks | undefined,
  [first]: readonly NewTask[],
): Promise<readonly string[]> => {
  const refusals = first === undefined ? [] : await schemaCheck(tasks)(first.body);
  if (refusals.length === 0) return [];
  const why = refusals.map(({ because }) => because).join('; ');
  return [`--task takes none of the demonstration's tasks (${why}); give it its own with --input FILE`];
};
