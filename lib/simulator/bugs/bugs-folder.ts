import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FilePatch, parseUnifiedDiff } from './unified-diff.ts';

/** Every unified diff of a folder, by the name of its file. @throws when one of them cannot be read */
export const readBugsFolder = async (
  folder: string,
): Promise<readonly { readonly name: string; readonly patches: readonly FilePatch[] }[]> => {
  const names = (await readdir(folder)).filter((name) => /\.(?:diff|patch)$/.test(name)).sort();
  if (names.length === 0) throw new Error(`There is no *.diff and no *.patch in ${folder}.`);
  return Promise.all(
    names.map(async (name) => ({ name, patches: parseUnifiedDiff(await readFile(join(folder, name), 'utf8')) })),
  );
};
