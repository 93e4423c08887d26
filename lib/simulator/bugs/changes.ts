import { type Bug, plant } from './bug.ts';
import { applyPatch, type FilePatch } from './unified-diff.ts';

/** What is wrong on purpose: one of our bugs, or a diff that somebody else wrote. */
export interface Planted {
  readonly bug?: Bug;
  readonly patches?: readonly FilePatch[];
}

/** A change of one file's sources. `to` throws when it does not fit. */
export interface Change {
  readonly file: string;
  readonly to: (source: string) => string;
}

export const changesOf = ({ bug, patches = [] }: Planted): readonly Change[] => [
  ...(bug === undefined ? [] : [{ file: bug.file, to: (source: string) => plant(bug, source) }]),
  ...patches.map((patch) => ({ file: patch.file, to: (source: string) => applyPatch(patch, source) })),
];
