/**
 * Reads property values of a resolved template. CloudFormation lets numbers and booleans arrive as text.
 *
 * Not modelled: the resource schemas; a wrong shape is refused here only where it would change what runs.
 */
import { AwsError } from './service.ts';

export type Properties = Readonly<Record<string, unknown>>;

const wrongValue = (name: string, wanted: string): AwsError =>
  new AwsError(400, 'ValidationError', `Property ${name} must be ${wanted}. Correct it in the template.`);

export const optionalText = (properties: Properties, name: string): string | undefined => {
  const value = properties[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongValue(name, 'text');
};

export const text = (properties: Properties, name: string): string => {
  const value = optionalText(properties, name);
  if (value === undefined) throw wrongValue(name, 'given');
  return value;
};

export const optionalNumber = (properties: Properties, name: string): number | undefined => {
  const value = optionalText(properties, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw wrongValue(name, 'a number');
  return number;
};

export const flag = (properties: Properties, name: string, fallback: boolean): boolean => {
  const value = optionalText(properties, name);
  return value === undefined ? fallback : value === 'true';
};

export const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const object = (properties: Properties, name: string): Properties => {
  const value = properties[name];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrongValue(name, 'an object');
  return value;
};

export const list = (properties: Properties, name: string): readonly unknown[] => {
  const value = properties[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongValue(name, 'a list');
  return value;
};

export const objects = (properties: Properties, name: string): readonly Properties[] =>
  list(properties, name).map((value) => {
    if (!isObject(value)) throw wrongValue(name, 'a list of objects');
    return value;
  });
