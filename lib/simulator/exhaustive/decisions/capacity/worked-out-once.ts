import { onceFor } from '../../../../decisions/once-for.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const KEYS = ['', 'one', 'other'] as const;

const CASES = { first: KEYS, second: KEYS, third: KEYS };

type Case = { readonly first: string; readonly second: string; readonly third: string };

const decided = ({ first, second, third }: Case): string => {
  const worked: string[] = [];
  const find = onceFor((key: string) => {
    worked.push(key);
    return { of: key };
  });
  const found = [first, second, third].map((key) => find(key));
  const isSame = find(third) === found[2];
  return `${found.map(({ of }) => of)}, worked out ${worked}${isSame ? '' : ', another again'}`;
};

const expected = ({ first, second, third }: Case): string => {
  const asked = [first, second, third];
  return `${asked}, worked out ${asked.filter((key, index) => asked.indexOf(key) === index)}`;
};

/** What is worked out for one key is handed out again for that key, and for no other. */
export const workedOutOnce: DecisionTable = {
  name: 'what is worked out once',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
