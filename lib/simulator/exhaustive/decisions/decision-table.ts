import type { Promised } from '../../../audit/promises.ts';

/** What a decision was tried on, and where code and rule part. */
export interface DecisionsTried {
  readonly cases: number;
  /** Those of one kind told once, with how many there are and the first of them. */
  readonly differences: readonly string[];
}

/** A pure decision of the product beside the design's rule for it, over every case that the rule can tell apart. */
export interface DecisionTable {
  readonly name: string;
  /** What a wrong decision would break first. */
  readonly promise: Promised;
  tryAll(): DecisionsTried;
}

type ValuesByName = Readonly<Record<string, readonly unknown[]>>;

/** One value for each name. */
export type CombinationOf<Values extends ValuesByName> = { readonly [Name in keyof Values]: Values[Name][number] };

/** Every combination of one value for each name. */
export function* combinationsOf<Values extends ValuesByName>(values: Values): Generator<CombinationOf<Values>> {
  const names = Object.keys(values);
  const places = names.map(() => 0);
  if (names.some((name) => values[name]!.length === 0)) return;
  for (;;) {
    const combination = Object.fromEntries(names.map((name, index) => [name, values[name]![places[index]!]]));
    yield combination as CombinationOf<Values>;
    let turned = names.length - 1;
    while (turned >= 0 && places[turned] === values[names[turned]!]!.length - 1) turned -= 1;
    if (turned < 0) return;
    places[turned]! += 1;
    places.fill(0, turned + 1);
  }
}

/** The answer to whatever is asked of others: only what is done before it is looked at. */
export const NEVER_ANSWERED = new Promise<never>(() => undefined);

/**
 * Begins what nobody waits for: only what it does before its first answer is asked about. Whatever goes wrong later, such as
 * something missing that only a wrong decision would ask for, is no crash of the whole.
 */
export const beginOnly = (begun: Promise<unknown>): void => {
  begun.catch(() => undefined);
};

/** What a decision answered, or what it threw. */
const answerOf = <Case>(decide: (tried: Case) => string, tried: Case): string => {
  try {
    return decide(tried);
  } catch (error) {
    return `nothing: ${String(error)}`;
  }
};

/**
 * Asks the code and the rule about each case. Both answer with a sentence; whatever the sentence does not say is left to
 * the code.
 */
export const compareDecisions = <Case>(
  cases: Iterable<Case>,
  decided: (tried: Case) => string,
  expected: (tried: Case) => string,
): DecisionsTried => {
  const kinds = new Map<string, { count: number; readonly first: Case }>();
  let tried = 0;
  for (const one of cases) {
    tried += 1;
    const told = answerOf(decided, one);
    const due = expected(one);
    if (told === due) continue;
    const kind = `decided: ${told}; should be: ${due}`;
    const known = kinds.get(kind) ?? { count: 0, first: one };
    known.count += 1;
    kinds.set(kind, known);
  }
  const differences = [...kinds].map(
    ([kind, { count, first }]) => `${kind} (${count} of ${tried} cases, as ${JSON.stringify(first)})`,
  );
  return { cases: tried, differences };
};
