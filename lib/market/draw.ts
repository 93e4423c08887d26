/**
 * Random numbers by name. A draw is a pure function of the seed and of what is being drawn, so no answer of the market
 * depends on which question was asked before it.
 */
const FNV_PRIME = 0x01000193;
const FNV_BASIS = 0x811c9dc5;
const SECOND_BASIS = 0x9e3779b9;

/** Spreads every bit of a 32-bit number over all of it, as MurmurHash3 ends. */
const avalanche = (value: number): number => {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

const hashText = (text: string, basis: number): number => {
  let hash = basis;
  for (let index = 0; index < text.length; index += 1) {
    hash = avalanche(Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME) + index);
  }
  return hash;
};

/** A number in [0, 1) that belongs to this seed and these labels. */
export const draw = (seed: number, ...labels: readonly (string | number)[]): number => {
  const text = `${seed}|${labels.join('|')}`;
  const high = hashText(text, FNV_BASIS);
  const low = hashText(text, SECOND_BASIS) >>> 11;
  return (high * 2 ** 21 + low) / 2 ** 53;
};

/** A number in [least, most) that belongs to this seed and these labels. */
export const drawBetween = (range: Range, seed: number, ...labels: readonly (string | number)[]): number =>
  range.least + (range.most - range.least) * draw(seed, ...labels);

/** The waiting time, in units of hazard, until something of hazard 1 happens: exponentially distributed. */
export const drawRisk = (seed: number, ...labels: readonly (string | number)[]): number =>
  -Math.log(1 - draw(seed, ...labels));

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** Hexadecimal digits that belong to this seed and these labels, as EC2's identifiers end in. */
export const drawHex = (digits: number, seed: number, ...labels: readonly (string | number)[]): string => {
  let text = '';
  for (let part = 0; text.length < digits; part += 1) {
    text += hashText(`${seed}|${labels.join('|')}|${part}`, FNV_BASIS)
      .toString(16)
      .padStart(8, '0');
  }
  return text.slice(0, digits);
};

/** A sequence of numbers in [0, 1) that belongs to this seed and purpose, for whoever draws one after another. */
export const randomOf = (seed: number, purpose: string): (() => number) => {
  let drawn = 0;
  return () => draw(seed, purpose, drawn++);
};
