import { z } from 'zod';
import type { Bounds } from './bounds.ts';

/** What a user is told about a value: `must be ${expected}, not …; fix: ${fix}`. Kept beside the schema as its metadata. */
export interface FieldHelp {
  readonly expected: string;
  readonly fix: string;
}

const rangeOf = ({ min, max, unit }: Bounds): string => `of ${unit} from ${min} to ${max}`;

export const helped = <S extends z.ZodType>(schema: S, expected: string, fix: string): S =>
  schema.meta({ expected, fix });

export const wholeNumber = (bounds: Bounds) =>
  helped(
    z.int().min(bounds.min).max(bounds.max),
    `a whole number ${rangeOf(bounds)}`,
    `write a number from ${bounds.min} to ${bounds.max}`,
  );

export const decimal = (bounds: Bounds) =>
  helped(
    z.number().min(bounds.min).max(bounds.max),
    `a number ${rangeOf(bounds)}`,
    `write a number from ${bounds.min} to ${bounds.max}`,
  );

export const yesOrNo = () => helped(z.boolean(), 'true or false', 'write true or false, without quotes');

export const choice = <const V extends readonly [string, ...string[]]>(...values: V) =>
  helped(z.enum(values), `one of ${values.join(', ')}`, `write ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`);

export const matching = (pattern: RegExp, expected: string, example: string) =>
  helped(z.string().regex(pattern), expected, `write one like ${example}`);

/** Free text for a shell: its length is bounded, and it has no character that would end it early. */
export const shellText = (charactersMax: number, pattern: RegExp, expected: string, example: string) =>
  helped(
    z.string().max(charactersMax, { abort: true }).regex(pattern),
    `${expected} of 1 to ${charactersMax} characters`,
    `write one like ${example}`,
  );

export const listOf = <S extends z.ZodType>(element: S, bounds: Bounds, example: string) =>
  helped(
    z.array(element).min(bounds.min).max(bounds.max),
    `a list of ${bounds.min} to ${bounds.max} ${bounds.unit}`,
    `write a list like [${example}]`,
  );

/** A fault that the text's own check explains better than `must be …` could. */
export interface Fault {
  readonly reason: string;
  readonly fix: string;
}

/** Text with a checker that says what is wrong with it, or nothing. */
export const checkedText = (check: (text: string) => Fault | undefined, expected: string, fix: string) =>
  helped(
    z.string().superRefine((text, context) => {
      const fault = check(text);
      if (fault) context.addIssue({ code: 'custom', message: fault.reason, params: { fault } });
    }),
    expected,
    fix,
  );
