import type { Random } from '../ports/random.ts';

const UNIT = 2 ** 32;
/** The golden ratio of 32 bits: steps through all numbers before any comes again. */
const STEP = 0x9e3779b9;

/** Numbers in [0, 1) that follow from the seed alone, quickly: a counter whose bits are mixed. */
export const seededRandom = (seed: number): Random => {
  let state = Math.trunc(seed) >>> 0;
  return () => {
    state = (state + STEP) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / UNIT;
  };
};
