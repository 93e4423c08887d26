import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from '../ports/telemetry.ts';

/** The names that a run's files have in its private folder; each is told to the command by a variable. */
export const RUN_FILES = {
  input: 'SPOTHOP_INPUT_FILE',
  resume: 'SPOTHOP_RESUME_FILE',
  checkpoint: 'SPOTHOP_CHECKPOINT_FILE',
  refused: 'SPOTHOP_REFUSED_FILE',
  stale: 'SPOTHOP_STALE_FILE',
  notice: 'SPOTHOP_NOTICE_FILE',
  progress: 'SPOTHOP_PROGRESS_FILE',
  result: 'SPOTHOP_RESULT_FILE',
} as const;

export type RunFile = keyof typeof RUN_FILES;

/** A folder that only this user may look into: it holds a task's payload. */
export interface RunFolder {
  readonly path: string;
  file(name: RunFile): string;
  /** The file is there whole or not at all. */
  write(name: RunFile, text: string): Promise<void>;
  /** Removes one file that we wrote. */
  unwrite(name: RunFile): Promise<void>;
  /** Removes the folder. What cannot be removed is logged, and fails nothing. */
  remove(): Promise<void>;
}

/** A command may have locked its own folders; links are not followed. */
const unlock = async (path: string): Promise<void> => {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await unlock(join(path, entry.name));
  }
};

const removeFolder = async (path: string): Promise<void> => {
  const options = { recursive: true, force: true, maxRetries: 3 };
  try {
    await rm(path, options);
  } catch {
    await unlock(path);
    await rm(path, options);
  }
};

/** @throws the system's error when no folder can be made below `parent`, the system's temporary folder otherwise */
export const openRunFolder = async (parent: string | undefined, log: Log): Promise<RunFolder> => {
  const above = resolve(parent ?? tmpdir());
  await mkdir(above, { recursive: true, mode: 0o700 });
  // mkdtemp makes it with mode 0700.
  const path = await mkdtemp(join(above, 'spothop-run-'));
  const file = (name: RunFile): string => join(path, name);
  let written = 0;
  return {
    path,
    file,
    write: async (name, text) => {
      written += 1;
      const beside = join(path, `.${name}-${written}`);
      await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
      await rename(beside, file(name));
    },
    unwrite: (name) => rm(file(name), { force: true }),
    remove: async () => {
      try {
        await removeFolder(path);
      } catch (error) {
        log.warn('a run’s private folder could not be removed', { path, error: (error as NodeJS.ErrnoException).code });
      }
    },
  };
};

/** The variable of each of these files, with its path. */
export const fileVariables = (folder: RunFolder, names: readonly RunFile[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [RUN_FILES[name], folder.file(name)]));
