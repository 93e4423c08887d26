import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tasks } from './define-task.ts';
import { loadTaskFile, UnusableTaskFile } from './load-task-file.ts';

/** The file and the line that an error names are the bundle's, which nobody has written. */
const inTermsOf = (path: string, bundleFile: string, error: unknown): unknown =>
  error instanceof UnusableTaskFile
    ? new UnusableTaskFile(error.message.replaceAll(bundleFile, path).replace(/ \(line \d+\)/, ''), { cause: error })
    : error;

/**
 * Loads a task file in the form that machines run: its bundle, which holds everything that it imports.
 * @param text the bundle
 * @param path the task file, as errors name it
 * @throws UnusableTaskFile in words for people
 */
export const loadTaskBundle = async (text: string, path: string): Promise<Tasks> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-task-'));
  const file = join(folder, 'task.mjs');
  try {
    writeFileSync(file, text);
    return await loadTaskFile(file);
  } catch (error) {
    throw inTermsOf(path, file, error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
