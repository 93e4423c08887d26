import { z } from 'zod';
import type { Path } from './problem.ts';

/** A value of which any part may be wrong: what is not valid is `undefined`, the rest is as it would be. */
export type Lenient<T> = T extends readonly (infer E)[]
  ? readonly (Lenient<E> | undefined)[]
  : T extends object
    ? string extends keyof T
      ? Readonly<Record<string, Lenient<T[string & keyof T]> | undefined>>
      : { readonly [K in keyof T]?: Lenient<T[K]> | undefined }
    : T;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema itself, without what says whether a value may be left out. */
export const unwrap = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? unwrap(schema.unwrap())
    : schema;

const childOf = (schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined => {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.options.map((option) => childOf(option, step)).find(Boolean);
  if (inner instanceof z.ZodArray) return typeof step === 'number' ? inner.element : undefined;
  if (inner instanceof z.ZodRecord) return typeof step === 'string' ? inner.valueType : undefined;
  return inner instanceof z.ZodObject && Object.hasOwn(inner.shape, step) ? inner.shape[step] : undefined;
};

/** The schema of the value at a path. */
export const schemaAt = (schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined => {
  const found = path.reduce<z.core.$ZodType | undefined>((at, step) => at && childOf(at, step), schema);
  return found && unwrap(found);
};

/** The keys that an object there may have; of a union, those of its object form. */
export const keysAt = (schema: z.core.$ZodType, path: Path): readonly string[] => {
  const found = schemaAt(schema, path);
  const forms = found instanceof z.ZodUnion ? found.options : [found];
  return forms.flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : []));
};

export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | null | undefined)?.[step], data);

const mapValues = <A, B>(object: Readonly<Record<string, A>>, change: (value: A, key: string) => B): object =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));

/** The value part by part, where it has the outer form that the schema wants. */
const partsOf = (form: z.core.$ZodType, raw: unknown): unknown => {
  if (form instanceof z.ZodArray && Array.isArray(raw)) return raw.map((item) => understand(form.element, item));
  if (form instanceof z.ZodRecord && isObject(raw)) return mapValues(raw, (value) => understand(form.valueType, value));
  if (form instanceof z.ZodObject && isObject(raw)) {
    return mapValues<z.core.$ZodType, unknown>(form.shape, (part, key) => understand(part, raw[key]));
  }
  return undefined;
};

const understand = (schema: z.core.$ZodType, raw: unknown): unknown => {
  const form = unwrap(schema);
  const forms = form instanceof z.ZodUnion ? form.options : [form];
  const parts = forms.map((option) => partsOf(option, raw)).find((found) => found !== undefined);
  if (parts !== undefined) return parts;
  const parsed = z.safeParse(schema, raw);
  return parsed.success ? parsed.data : undefined;
};

/**
 * What can be understood of a value that is partly wrong, so that the rules between fields are checked at once with the
 * fields. A part that is wrong is `undefined`: it is reported by itself, and no rule judges it.
 */
export const parseLeniently = <S extends z.ZodType>(schema: S, raw: unknown): Lenient<z.output<S>> | undefined =>
  understand(schema, raw) as Lenient<z.output<S>> | undefined;
