import type { Random } from '../ports/random.ts';

/** One sequence of random numbers, the same again for the same seed and purpose. */
export interface SeededRandom {
  readonly next: Random;
  /** True with this probability. */
  chance(share: number): boolean;
  /** In [least, most). */
  between(least: number, most: number): number;
  /** A whole number, both ends included. */
  whole(least: number, most: number): number;
  /** Spread evenly over orders of magnitude: rates of faults are drawn so. */
  magnitude(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** A sequence of its own, so that what one part draws changes nothing for another. */
  fork(purpose: string): SeededRandom;
}

const FNV_PRIME = 0x01000193;

const hashOf = (text: string, basis: number): number => {
  let hash = basis;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
};

/** The first numbers after seeding still show the seed. */
const WARM_UP = 12;

/** Small Fast Counter, 32 bits wide, by Chris Doty-Humphrey: passes PractRand, and costs some ten instructions a number. */
const smallFastCounter = (seed: string): Random => {
  let a = hashOf(seed, 0x811c9dc5);
  let b = hashOf(seed, 0x9e3779b9);
  let c = hashOf(seed, 0x7f4a7c15);
  let count = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < WARM_UP; round += 1) next();
  return next;
};

export const seededRandom = (seed: string): SeededRandom => {
  const next = smallFastCounter(seed);
  const between = (least: number, most: number): number => least + (most - least) * next();
  return {
    next,
    between,
    chance: (share) => share > 0 && next() < share,
    whole: (least, most) => Math.floor(between(least, most + 1)),
    magnitude: (least, most) => Math.exp(between(Math.log(least), Math.log(most))),
    pick: (items) => items[Math.floor(next() * items.length)]!,
    fork: (purpose) => seededRandom(`${seed}/${purpose}`),
  };
};
