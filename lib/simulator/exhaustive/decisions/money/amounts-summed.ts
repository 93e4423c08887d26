import {
  type Amount,
  addSums,
  addToSum,
  divideRounded,
  EMPTY_SUM,
  parsePriceMicros,
  wholeAmount,
} from '../../../../money/micros.ts';
import { compareTold, type ToldCase, triedTogether } from '../capacity/told-cases.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const AMOUNTS: readonly Amount[] = [0, 1, -3, 999_999, 'unknown'];

const THREE = { first: AMOUNTS, second: AMOUNTS, third: AMOUNTS };

type Three = { readonly first: Amount; readonly second: Amount; readonly third: Amount };

const decidedSum = ({ first, second, third }: Three): string => {
  const sum = addToSum(addToSum(EMPTY_SUM, first), second);
  const all = addSums([sum, addToSum(EMPTY_SUM, third)]);
  return `${all.micros} and ${all.unknownCount} unknown, in all ${wholeAmount(all)}`;
};

/** Parts sum to the total; what is unknown is counted, and makes the whole unknown. */
const expectedSum = ({ first, second, third }: Three): string => {
  let micros = 0;
  let unknown = 0;
  for (const amount of [first, second, third]) {
    if (amount === 'unknown') unknown += 1;
    else micros += amount;
  }
  return `${micros} and ${unknown} unknown, in all ${unknown > 0 ? 'unknown' : micros}`;
};

const divided = (dividend: bigint, divisor: bigint, due: string): ToldCase => ({
  of: `${dividend} / ${divisor}`,
  decided: () => `${divideRounded(dividend, divisor)}`,
  due,
});

const parsed = (decimal: string, due: number | undefined): ToldCase => ({
  of: `the price ${decimal}`,
  decided: () => `${parsePriceMicros(decimal)}`,
  due: `${due}`,
});

const TOO_LARGE = 9_007_199_254_740_992n;

const TOLD: readonly ToldCase[] = [
  divided(0n, 3_600n, '0'),
  divided(1_799n, 3_600n, '0'),
  divided(1_800n, 3_600n, '1'),
  divided(3_600n, 3_600n, '1'),
  divided(5_399n, 3_600n, '1'),
  divided(5_400n, 3_600n, '2'),
  divided(-1_799n, 3_600n, '0'),
  divided(-1_800n, 3_600n, '-1'),
  divided(-5_400n, 3_600n, '-2'),
  divided(1n, 3n, '0'),
  divided(2n, 3n, '1'),
  divided(TOO_LARGE, 1n, 'nothing: Error: Not a whole number of micro-units that can be summed: 9007199254740992'),
  parsed('0.0416000000', 41_600),
  parsed('1', 1_000_000),
  parsed('12.5', 12_500_000),
  parsed('0.0000004', undefined),
  parsed('0.0000005', 1),
  parsed('0.0000015', 2),
  parsed('0.1', 100_000),
  parsed('0.0000000000', undefined),
  parsed('0', undefined),
  parsed('', undefined),
  parsed('-1', undefined),
  parsed('1e-3', undefined),
  parsed('N/A', undefined),
  parsed('1.', undefined),
];

/** Money is whole micro-units, and unknown is never 0. */
export const amountsSummed: DecisionTable = {
  name: 'sums of money',
  promise: 'M2',
  tryAll: () => triedTogether(compareDecisions(combinationsOf(THREE), decidedSum, expectedSum), compareTold(TOLD)),
};
