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

const MS_PER_SECOND = 1_000;
const WARM_UP_LEAST = 10;

/**
 * How many were done in a second while every slot was busy, from the instant at which each was done. The first of every
 * slot, and at least ten, are left out: a process that has just been started is slow, whoever's it is, and how long it
 * takes to begin is measured by itself. So are the last of every slot: by then some slots have nothing left to do. Never
 * more than a quarter at either end.
 */
export const steadyRate = (doneAt: readonly number[], slots: number): number => {
  const quarter = Math.floor(doneAt.length / 4);
  const first = Math.max(0, Math.min(quarter, Math.max(WARM_UP_LEAST, slots)) - 1);
  const last = doneAt.length - 1 - Math.min(quarter, slots);
  const ms = (doneAt[last] ?? 0) - (doneAt[first] ?? 0);
  return ((last - first) * MS_PER_SECOND) / Math.max(1, ms);
};
