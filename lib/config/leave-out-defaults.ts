import { z } from 'zod';
import { isObject, unwrap } from './schema-walk.ts';

const isDefault = (schema: z.core.$ZodType, value: unknown): boolean => {
  const filled = z.safeParse(schema, undefined);
  return filled.success && JSON.stringify(filled.data) === JSON.stringify(value);
};

const leaveOut = (schema: z.core.$ZodType, value: unknown): unknown => {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject) || !isObject(value)) return isDefault(schema, value) ? undefined : value;
  const kept = leaveOutDefaults(inner, value);
  return Object.keys(kept).length === 0 && schema instanceof z.ZodPrefault ? undefined : kept;
};

/** The same value without what reading it again would fill in. */
export const leaveOutDefaults = (
  schema: z.ZodObject,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .map(([key, part]) => [key, leaveOut(schema.shape[key]!, part)] as const)
      .filter(([, part]) => part !== undefined),
  );
