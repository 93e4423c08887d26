import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

const SOURCE = /\.(?:js|mjs|cjs|ts|mts|cts)$/;

/** Files beyond this are generated bundles; one of them would be a task of its own. */
const FILE_BYTES_MAX = 1_000_000;

/** Every source file below a folder, in the order of their paths, so that the same installation gives the same list. */
export const listSourceFiles = (root: string, folder = 'node_modules'): readonly SourceFile[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): readonly SourceFile[] => {
      const path = `${folder}/${entry.name}`;
      // What a run itself leaves there is not what was installed.
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : listSourceFiles(root, path);
      if (!entry.isFile() || !SOURCE.test(entry.name)) return [];
      const bytes = statSync(join(root, path)).size;
      return bytes > 0 && bytes <= FILE_BYTES_MAX ? [{ path, bytes }] : [];
    });
