export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

const RANGE = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/;

const parseRange = (text: string): SeedRange | undefined => {
  const match = RANGE.exec(text);
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from <= to ? { from, to } : undefined;
};

/** `A..B`, both included, one number, or several of these with commas between. `undefined` when it is none of them. */
export const parseSeeds = (text: string): readonly SeedRange[] | undefined => {
  const ranges = text.split(',').map(parseRange);
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
};

/** Small enough that no worker has much left to do when the others are through. */
const CHUNK_SEEDS = 4;

/** The ranges in chunks, in order. */
export function* chunksOf(ranges: readonly SeedRange[]): Generator<SeedRange> {
  for (const { from, to } of ranges) {
    for (let start = from; start <= to; start += CHUNK_SEEDS)
      yield { from: start, to: Math.min(to, start + CHUNK_SEEDS - 1) };
  }
}
