/**
 * CloudFormation's functions
 * (docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
 *
 * What it does not model: Fn::ImportValue, Fn::Transform, Fn::Cidr, Fn::ForEach, Fn::ToJsonString, Fn::Length, rules.
 */
import { LOCAL_REGION } from '../service.ts';
import { type Template, validationError } from './template.ts';

/** What `AWS::NoValue` becomes: the property or the list entry is left out. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/** What functions may read. */
export interface Scope {
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, unknown>;
  /** `AWS::Region` and its like. */
  readonly pseudo: ReadonlyMap<string, unknown>;
  /** Undefined for a resource that does not exist (yet). */
  ref(logicalId: string): string | undefined;
  attribute(logicalId: string, name: string): string | undefined;
}

type Resolve = (argument: unknown, scope: Scope) => unknown;

/** A value with every function in it carried out. Throws AwsError `ValidationError` that names what cannot be resolved. */
export const resolveValue = (value: unknown, scope: Scope): unknown => {
  if (Array.isArray(value))
    return value.map((entry) => resolveValue(entry, scope)).filter((entry) => entry !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && isFunctionName(only[0]))
    return callFunction(only[0], only[1], scope);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, resolveValue(inner, scope)]).filter(([, inner]) => inner !== NO_VALUE),
  );
};

export const isFunctionName = (name: string): boolean => name === 'Ref' || name.startsWith('Fn::');

const callFunction = (name: string, argument: unknown, scope: Scope): unknown => {
  const resolve = FUNCTIONS[name];
  if (resolve === undefined) throw validationError(`Template error: ${name} is not supported by the local cloud`);
  return resolve(argument, scope);
};

const ref: Resolve = (argument, scope) => {
  const name = String(argument);
  if (name === 'AWS::NoValue') return NO_VALUE;
  const value = scope.pseudo.get(name) ?? scope.parameters.get(name) ?? scope.ref(name);
  if (value === undefined)
    throw validationError(`Template error: Ref to ${name}, which is no parameter and no resource that exists`);
  return value;
};

const getAtt: Resolve = (argument, scope) => {
  const [logicalId, ...names] =
    typeof argument === 'string' ? argument.split('.') : (argument as unknown[]).map(String);
  const attribute = names.join('.');
  const value = scope.attribute(logicalId ?? '', attribute);
  if (value === undefined) throw validationError(`Template error: Fn::GetAtt ${logicalId}.${attribute} does not exist`);
  return value;
};

const SUB_PLACEHOLDER = /\$\{(!?)([^}]*)\}/g;

const sub: Resolve = (argument, scope) => {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  const variables = resolveValue(own ?? {}, scope) as Record<string, unknown>;
  return String(text).replace(SUB_PLACEHOLDER, (_whole, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return String(variables[name]);
    return String(name.includes('.') ? getAtt(name, scope) : ref(name, scope));
  });
};

const listArgument = (name: string, argument: unknown, length: number): readonly unknown[] => {
  if (Array.isArray(argument) && argument.length === length) return argument;
  throw validationError(`Template error: ${name} takes a list of ${length}`);
};

const join: Resolve = (argument, scope) => {
  const [delimiter, values] = listArgument('Fn::Join', argument, 2);
  const resolved = resolveValue(values, scope);
  if (!Array.isArray(resolved)) throw validationError('Template error: Fn::Join joins a list');
  return resolved.map(String).join(String(delimiter));
};

const select: Resolve = (argument, scope) => {
  const [index, values] = listArgument('Fn::Select', argument, 2);
  const resolved = resolveValue(values, scope);
  const value = Array.isArray(resolved) ? resolved[Number(resolveValue(index, scope))] : undefined;
  if (value === undefined) throw validationError(`Template error: Fn::Select has no entry ${String(index)}`);
  return value;
};

const split: Resolve = (argument, scope) => {
  const [delimiter, text] = listArgument('Fn::Split', argument, 2);
  return String(resolveValue(text, scope)).split(String(delimiter));
};

const findInMap: Resolve = (argument, scope) => {
  const [map, first, second] = listArgument('Fn::FindInMap', argument, 3).map((part) =>
    String(resolveValue(part, scope)),
  );
  const value = scope.template.Mappings?.[map ?? '']?.[first ?? '']?.[second ?? ''];
  if (value === undefined) throw validationError(`Template error: Fn::FindInMap finds no ${map}.${first}.${second}`);
  return value;
};

const choose: Resolve = (argument, scope) => {
  const [condition, whenTrue, whenFalse] = listArgument('Fn::If', argument, 3);
  return resolveValue(conditionHolds(String(condition), scope) ? whenTrue : whenFalse, scope);
};

/** Deeper than any real chain of conditions; only a circle gets there. */
const CONDITION_DEPTH_MAX = 50;

/** Whether a named condition of the template holds. */
export const conditionHolds = (name: string, scope: Scope, depth = 0): boolean => {
  const definition = scope.template.Conditions?.[name];
  if (definition === undefined) throw validationError(`Template error: unresolved condition ${name}`);
  if (depth > CONDITION_DEPTH_MAX) throw validationError(`Template error: condition ${name} depends on itself`);
  return conditionValue(definition, scope, depth);
};

const conditionValue = (definition: unknown, scope: Scope, depth: number): boolean => {
  const [name = '', argument] = Object.entries((definition ?? {}) as Record<string, unknown>)[0] ?? [];
  const parts = Array.isArray(argument) ? argument : [];
  const holds = (part: unknown): boolean => conditionValue(part, scope, depth + 1);
  if (name === 'Condition') return conditionHolds(String(argument), scope, depth + 1);
  if (name === 'Fn::Equals') {
    const [one, other] = listArgument(name, argument, 2).map((part) => JSON.stringify(resolveValue(part, scope)));
    return one === other;
  }
  if (name === 'Fn::And') return parts.every(holds);
  if (name === 'Fn::Or') return parts.some(holds);
  if (name === 'Fn::Not') return !holds(listArgument(name, argument, 1)[0]);
  throw validationError(`Template error: ${name === '' ? 'an empty value' : name} is no condition`);
};

/** The zones that Fn::GetAZs names. */
const ZONES = ['a', 'b', 'c'].map((letter) => `${LOCAL_REGION}${letter}`);

const FUNCTIONS: Readonly<Record<string, Resolve>> = {
  Ref: ref,
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Join': join,
  'Fn::Select': select,
  'Fn::Split': split,
  'Fn::FindInMap': findInMap,
  'Fn::If': choose,
  'Fn::Base64': (argument, scope) => Buffer.from(String(resolveValue(argument, scope))).toString('base64'),
  'Fn::GetAZs': () => ZONES,
};
