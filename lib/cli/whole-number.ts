import { InvalidArgumentError } from 'commander';

/** An argument parser for a whole number within bounds. */
export const wholeNumber =
  ({ min, max }: { readonly min: number; readonly max: number }) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };

/** For `--limit`: how many lines a list has at most. */
export const limitOf = wholeNumber({ min: 1, max: 100_000 });
