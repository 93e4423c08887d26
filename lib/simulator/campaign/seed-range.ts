export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** `A..B`, both included, or one number. `undefined` when it is neither. */
export const parseSeedRange = (text: string): SeedRange | undefined => {
  const match = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from <= to ? { from, to } : undefined;
};

/** Small enough that no worker has much left to do when the others are through. */
const CHUNK_SEEDS = 4;

/** The range in chunks, in order. */
export function* chunksOf({ from, to }: SeedRange): Generator<SeedRange> {
  for (let start = from; start <= to; start += CHUNK_SEEDS)
    yield { from: start, to: Math.min(to, start + CHUNK_SEEDS - 1) };
}
