import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPlayed, suitesOf } from './suites.ts';
import { type FilePatch, parseUnifiedDiff, pathsOf } from './unified-diff.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** One diff that somebody wrote: what it changes, or why it cannot be read. */
export interface FoundBug {
  readonly name: string;
  readonly patches?: readonly FilePatch[];
  readonly problem?: string;
}

/** @throws when there is no such file, however much of the path's beginning is left out */
const ownPath = (root: string, patch: FilePatch): FilePatch => {
  const file = pathsOf(patch).find((path) => existsSync(join(root, path)));
  if (file === undefined) throw new Error(`There is no file ${patch.file} in this repository.`);
  return { ...patch, file };
};

/** @throws when nothing plays what is changed, and no suite of tests stands in for a simulation */
const mustBePlayed = (patches: readonly FilePatch[]): readonly FilePatch[] => {
  const files = patches.map(({ file }) => file);
  if (files.some(isPlayed) || suitesOf(files).length > 0) return patches;
  throw new Error(
    `No simulation plays anything of ${files.join(', ')}: whether the change is wrong is for npm test to say.`,
  );
};

const readBug = async (root: string, folder: string, name: string): Promise<FoundBug> => {
  try {
    const patches = parseUnifiedDiff(await readFile(join(folder, name), 'utf8'));
    return { name, patches: mustBePlayed(patches.map((patch) => ownPath(root, patch))) };
  } catch (error) {
    return { name, problem: error instanceof Error ? error.message : String(error) };
  }
};

/**
 * Every unified diff of a folder, by the name of its file; one that cannot be read keeps no other from being planted.
 * @throws when there is no such folder, or no diff in it
 */
export const readBugsFolder = async (folder: string, root = ROOT): Promise<readonly FoundBug[]> => {
  const names = (await readdir(folder)).filter((name) => /\.(?:diff|patch)$/i.test(name)).sort();
  if (names.length === 0) throw new Error(`There is no *.diff and no *.patch in ${folder}.`);
  return Promise.all(names.map((name) => readBug(root, folder, name)));
};
