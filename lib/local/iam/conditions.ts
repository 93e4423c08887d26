/**
 * The Condition element of a policy
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
 *
 * What it does not model: Date…, IpAddress… and Binary… operators; a policy that uses one is refused when it is deployed.
 */
import { compilePattern, matchesPattern, type ReadVariable } from './wildcards.ts';

export type ContextValues = Readonly<Record<string, string | readonly string[]>>;

interface Operator {
  /** A negated operator is true for an absent key. */
  readonly negated: boolean;
  matches(wanted: string, actual: string, readVariable: ReadVariable | undefined): boolean;
}

const numeric =
  (compare: (actual: number, wanted: number) => boolean): Operator['matches'] =>
  (wanted, actual) =>
    wanted.trim() !== '' && actual.trim() !== '' && compare(Number(actual), Number(wanted));

const textMatches =
  (wildcards: boolean, ignoreCase = false): Operator['matches'] =>
  (wanted, actual, readVariable) => {
    const compiled = compilePattern(wanted, { wildcards, ...(readVariable && { readVariable }) });
    if (compiled === undefined) return false;
    return ignoreCase ? compiled.toLowerCase() === actual.toLowerCase() : matchesPattern(compiled, actual);
  };

const ARN_PARTS = 6;

const arnParts = (arn: string): string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
};

/** Each of an ARN's six parts is matched by itself, so a wildcard never reaches over a colon of the first five. */
const arnMatches: Operator['matches'] = (wanted, actual, readVariable) => {
  const compiled = compilePattern(wanted, { wildcards: true, ...(readVariable && { readVariable }) });
  if (compiled === undefined) return false;
  const patterns = arnParts(compiled);
  const texts = arnParts(actual);
  return patterns.every((pattern, index) => matchesPattern(pattern, texts[index] ?? ''));
};

const is = (matches: Operator['matches']): Operator => ({ negated: false, matches });
const isNot = (matches: Operator['matches']): Operator => ({ negated: true, matches });

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: is(textMatches(false)),
  StringNotEquals: isNot(textMatches(false)),
  StringEqualsIgnoreCase: is(textMatches(false, true)),
  StringNotEqualsIgnoreCase: isNot(textMatches(false, true)),
  StringLike: is(textMatches(true)),
  StringNotLike: isNot(textMatches(true)),
  ArnEquals: is(arnMatches),
  ArnLike: is(arnMatches),
  ArnNotEquals: isNot(arnMatches),
  ArnNotLike: isNot(arnMatches),
  Bool: is((wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()),
  NumericEquals: is(numeric((actual, wanted) => actual === wanted)),
  NumericNotEquals: isNot(numeric((actual, wanted) => actual === wanted)),
  NumericLessThan: is(numeric((actual, wanted) => actual < wanted)),
  NumericLessThanEquals: is(numeric((actual, wanted) => actual <= wanted)),
  NumericGreaterThan: is(numeric((actual, wanted) => actual > wanted)),
  NumericGreaterThanEquals: is(numeric((actual, wanted) => actual >= wanted)),
};

interface OperatorUse {
  readonly name: string;
  readonly ifExists: boolean;
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
}

const USE_FORM = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

const readOperatorUse = (written: string): OperatorUse => {
  const match = USE_FORM.exec(written);
  return {
    name: match?.[2] ?? written,
    ifExists: match?.[3] !== undefined,
    quantifier: match?.[1] as OperatorUse['quantifier'],
  };
};

export const isKnownOperator = (written: string): boolean => {
  const { name } = readOperatorUse(written);
  return name === 'Null' || OPERATORS[name] !== undefined;
};

const asList = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).map(String);

/** Context keys ignore case in their name; the part after a slash (a tag's key) is kept as it was asked for. */
export const readContext = (context: ContextValues, key: string): readonly string[] | undefined => {
  const direct = context[key];
  const found = direct ?? Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  return found === undefined ? undefined : typeof found === 'string' ? [found] : found;
};

const singleValue = (
  operator: Operator,
  actual: readonly string[],
  wanted: readonly string[],
  readVariable: ReadVariable | undefined,
): boolean => {
  const anyMatch = actual.some((value) => wanted.some((pattern) => operator.matches(pattern, value, readVariable)));
  return operator.negated ? !anyMatch : anyMatch;
};

const oneKeyHolds = (
  use: OperatorUse,
  actual: readonly string[] | undefined,
  wanted: readonly string[],
  readVariable: ReadVariable | undefined,
): boolean => {
  if (use.name === 'Null') return wanted.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  const operator = OPERATORS[use.name];
  if (operator === undefined)
    throw new Error(`Condition operator ${use.name} is not known to the local cloud's policies.`);
  if (use.quantifier === 'ForAllValues') {
    return (actual ?? []).every((value) => singleValue(operator, [value], wanted, readVariable));
  }
  if (actual === undefined) return use.ifExists || (operator.negated && use.quantifier === undefined);
  if (use.quantifier === 'ForAnyValue') {
    return actual.some((value) => singleValue(operator, [value], wanted, readVariable));
  }
  return singleValue(operator, actual, wanted, readVariable);
};

/** Every operator, and every key under it, must hold; several values of one key are alternatives. */
export const conditionsHold = (
  conditions: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined,
  context: ContextValues,
  readVariable: ReadVariable | undefined,
): boolean =>
  Object.entries(conditions ?? {}).every(([written, keys]) => {
    const use = readOperatorUse(written);
    return Object.entries(keys).every(([key, wanted]) =>
      oneKeyHolds(use, readContext(context, key), asList(wanted), readVariable),
    );
  });
