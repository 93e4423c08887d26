import { randomOf } from '../../market/draw.ts';
import type { StartOptions } from './options.ts';
import { demonstrationFault, readInput } from './own-input.ts';
import { type BundleTask, loadOwnTask } from './own-task.ts';
import { listSourceFiles } from './source-files.ts';
import { demonstrationWork, type Work } from './work.ts';

export type FoundWork =
  | { readonly ok: true; readonly work: Work }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface WorkPlace {
  readonly projectFolder: string;
  readonly bundleTask: BundleTask;
  readonly signal: AbortSignal;
}

const demonstration = ({ tasks, seed }: StartOptions, { projectFolder }: WorkPlace): Work =>
  demonstrationWork(listSourceFiles(projectFolder), tasks, randomOf(seed, 'batch'));

/** What is to be done, checked by the schema of whoever is to do it; or why it cannot be. */
export const findWork = async (options: StartOptions, place: WorkPlace): Promise<FoundWork> => {
  const { task, input } = options;
  const loaded = task === undefined ? undefined : await loadOwnTask(task, place.bundleTask);
  if (loaded?.ok === false) return { ok: false, problems: [loaded.problem] };
  if (input !== undefined) {
    const read = await readInput(input, options, loaded?.tasks, place.signal);
    return read.ok ? { ok: true, work: { kind: 'own', tasks: read.tasks, from: input } } : read;
  }
  const work = demonstration(options, place);
  const problems = await demonstrationFault(loaded?.tasks, work.tasks);
  return problems.length === 0 ? { ok: true, work } : { ok: false, problems };
};
