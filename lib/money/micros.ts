/**
 * Money is whole millionths of a currency unit, everywhere.
 *
 * At rest and in sums it is a `number` that must stay a safe integer: 2^53 micro-units are nine thousand million dollars,
 * and a number survives JSON, which a bigint does not. Products (price × seconds, amount × rate) pass that bound long
 * before the amounts do, so they are made with bigint and divided once, at the end.
 */

/** An amount that may be unknown. Unknown is never shown or summed as 0 (M2). */
export type Amount = number | 'unknown';

/** A sum that says how many of its parts are unknown: `micros` is what is known of it. */
export interface Sum {
  readonly micros: number;
  readonly unknownCount: number;
}

export const EMPTY_SUM: Sum = { micros: 0, unknownCount: 0 };

export const addToSum = (sum: Sum, amount: Amount): Sum =>
  amount === 'unknown'
    ? { ...sum, unknownCount: sum.unknownCount + 1 }
    : { ...sum, micros: safeMicros(sum.micros + amount) };

export const addSums = (sums: readonly Sum[]): Sum =>
  sums.reduce(
    (left, right) => ({
      micros: safeMicros(left.micros + right.micros),
      unknownCount: left.unknownCount + right.unknownCount,
    }),
    EMPTY_SUM,
  );

/** The whole sum, or `unknown` when a part of it is. */
export const wholeAmount = (sum: Sum): Amount => (sum.unknownCount === 0 ? sum.micros : 'unknown');

const safeMicros = (micros: number): number => {
  if (!Number.isSafeInteger(micros)) throw new Error(`Not a whole number of micro-units that can be summed: ${micros}`);
  return micros;
};

/** Quotient to the nearest whole number, halves away from zero. The divisor is positive. */
export const divideRounded = (dividend: bigint, divisor: bigint): number => {
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  return safeMicros(Number(dividend < 0n ? -rounded : rounded));
};

const DECIMAL = /^(\d{1,9})(?:\.(\d{1,20}))?$/;

/**
 * A price as AWS writes it (`0.0416000000`) in micro-units, without passing through binary fractions.
 * `undefined` for anything that is not a plain decimal number, and for 0: no machine is priced at nothing.
 */
export const parsePriceMicros = (decimal: string): number | undefined => {
  const parts = DECIMAL.exec(decimal);
  if (parts === null) return undefined;
  const fraction = parts[2] ?? '';
  const micros = divideRounded(BigInt(`${parts[1]}${fraction}`) * 1_000_000n, 10n ** BigInt(fraction.length));
  return micros === 0 ? undefined : micros;
};
