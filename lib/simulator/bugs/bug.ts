import type { Promised } from '../audit/promises.ts';

/** One wrong thing to do, as a change of the product's own source, made while it is loaded and never on disk. */
export interface Bug {
  readonly name: string;
  /** What it makes the product do. */
  readonly tells: string;
  /** A promise that it breaks; others may be noticed first. */
  readonly breaks: Promised;
  /** Path from the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** The sources of one file, changed by a bug. @throws when the product has moved on and the bug cannot be planted */
export const plant = (
  { name, file, find, replace }: Pick<Bug, 'name' | 'file' | 'find' | 'replace'>,
  source: string,
): string => {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `Bug ${name} cannot be planted: its text stands ${parts.length - 1} times in ${file}; bring it up to date.`,
    );
  }
  return parts.join(replace);
};
