import { AwsError } from '../service.ts';

/** Reads the EC2 Query form: dotted names, lists numbered from 1 (`TagSpecification.1.Tag.2.Key`). */
export interface Query {
  text(name: string): string | undefined;
  required(name: string): string;
  /** The elements of a list of structures, in order. */
  items(name: string): readonly Query[];
  /** The elements of a list of texts, in order. */
  texts(name: string): readonly string[];
  /** Full names that begin with this query's prefix. */
  names(): readonly string[];
}

const numbersIn = (parameters: ReadonlyMap<string, string>, start: string): readonly number[] => {
  const numbers = new Set<number>();
  for (const name of parameters.keys()) {
    if (name.startsWith(start)) numbers.add(Number.parseInt(name.slice(start.length), 10));
  }
  return [...numbers].filter((number) => number > 0).sort((one, other) => one - other);
};

const queryOf = (parameters: ReadonlyMap<string, string>, prefix: string): Query => {
  const text = (name: string) => parameters.get(prefix + name);
  const numbers = (name: string) => numbersIn(parameters, `${prefix}${name}.`);
  return {
    text,
    required: (name) => {
      const value = text(name);
      if (value === undefined || value === '') {
        throw new AwsError(400, 'MissingParameter', `The request must contain the parameter ${prefix}${name}`);
      }
      return value;
    },
    items: (name) => numbers(name).map((number) => queryOf(parameters, `${prefix}${name}.${number}.`)),
    texts: (name) => numbers(name).map((number) => parameters.get(`${prefix}${name}.${number}`) ?? ''),
    names: () => [...parameters.keys()].filter((name) => name.startsWith(prefix)),
  };
};

export const parseQuery = (body: string): Query => queryOf(new Map(new URLSearchParams(body)), '');

const ALWAYS_MODELLED = ['Action', 'Version', 'DryRun'];

/** A parameter that would be ignored is refused instead: a request that works here must mean the same in AWS. */
export const refuseUnmodelled = (query: Query, modelled: readonly string[]): void => {
  const known = new Set([...ALWAYS_MODELLED, ...modelled]);
  const unknown = query.names().find((name) => !known.has(name.replaceAll(/\.\d+/g, '.N')));
  if (unknown === undefined) return;
  throw new AwsError(
    400,
    'UnsupportedOperation',
    `The local cloud does not model the parameter ${unknown} of ${query.text('Action')}. Leave it out, or use an AWS account.`,
  );
};

export const refuseDryRun = (query: Query): void => {
  if (query.text('DryRun') !== 'true') return;
  throw new AwsError(412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
};

export const wholeNumber = (query: Query, name: string, whenAbsent: number): number => {
  const text = query.text(name);
  if (text === undefined) return whenAbsent;
  if (!/^\d+$/.test(text)) {
    throw new AwsError(400, 'InvalidParameterValue', `Value (${text}) for parameter ${name} is invalid.`);
  }
  return Number(text);
};
