/** The middle value; of an even number, the mean of the two in the middle. @throws RangeError of nothing */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  if (upper === undefined) throw new RangeError('There is no median of nothing; measure at least once.');
  return Number.isInteger(middle) ? (sorted[middle - 1]! + upper) / 2 : upper;
};

export const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** To so many digits after the point, as figures are shown. */
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
