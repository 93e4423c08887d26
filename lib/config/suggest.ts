/** Nobody types a key this long by mistake; longer ones are not compared, so that a hostile key costs nothing. */
const COMPARED_CHARACTERS_MAX = 40;

const normalise = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

const nextRow = (above: readonly number[], letter: string, word: string): number[] => {
  const row = [above[0]! + 1];
  for (let i = 1; i <= word.length; i += 1) {
    const replaced = above[i - 1]! + (word[i - 1] === letter ? 0 : 1);
    row.push(Math.min(replaced, above[i]! + 1, row[i - 1]! + 1));
  }
  return row;
};

/** Levenshtein's distance: how many letters must be added, removed or replaced. */
export const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const letter of from) row = nextRow(row, letter, to);
  return row[to.length]!;
};

/**
 * The word that was probably meant, or nothing when none is near: a third of its letters may differ, and letter case,
 * hyphens and underscores do not count (`instance_types` means `instanceTypes`).
 */
export const suggest = (written: string, known: readonly string[]): string | undefined => {
  if (written.length > COMPARED_CHARACTERS_MAX) return undefined;
  const [nearest] = known
    .map((word) => ({ word, distance: editDistance(normalise(written), normalise(word)) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.word;
};
