import { symlinkSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { Tasks } from '../../worker/define-task.ts';
import { loadTaskBundle } from '../../worker/load-task-bundle.ts';
import { quoted } from './option-problems.ts';

/** Makes one file of a task file and everything that it imports, as a deployment does. */
export type BundleTask = (
  file: string,
) => Promise<
  | { readonly ok: true; readonly bundle: { readonly text: string } }
  | { readonly ok: false; readonly reason: string; readonly fix: string }
>;

export type LoadedTask =
  | { readonly ok: true; readonly tasks: Tasks }
  | { readonly ok: false; readonly problem: string };

/** Loads a user's task file in the very form that its machines will run. */
export const loadOwnTask = async (path: string, bundleTask: BundleTask): Promise<LoadedTask> => {
  const bundling = await bundleTask(resolve(path));
  if (!bundling.ok) return { ok: false, problem: `--task ${quoted(path)} ${bundling.reason}; ${bundling.fix}` };
  try {
    return { ok: true, tasks: await loadTaskBundle(bundling.bundle.text, resolve(path)) };
  } catch (error) {
    return { ok: false, problem: `--task ${quoted(path)}: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/**
 * A fleet file names tasks by plain paths below its folder; a link there leads to a file anywhere. What the file imports
 * is looked for where it truly lies.
 * @returns the path for the fleet file
 */
export const linkTask = (path: string, folder: string): string => {
  const name = `task${extname(path)}`;
  symlinkSync(resolve(path), join(folder, name));
  return `./${name}`;
};
