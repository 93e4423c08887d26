import type { z } from 'zod';
import type { Fault, FieldHelp } from './fields.ts';
import { described, errorAt, type Finding, type Path } from './problem.ts';
import { keysAt, schemaAt, valueAt } from './schema-walk.ts';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

const under = (path: Path, issue: Issue): Issue => ({ ...issue, path: [...path, ...issue.path] }) as Issue;

const isWrongForm = (issues: readonly Issue[]): boolean =>
  issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);

/** Of a value with two forms, only the one that the user chose is worth talking about. */
const flatten = (issue: Issue): readonly Issue[] => {
  if (issue.code !== 'invalid_union') return [issue];
  const chosen = (issue.errors as Issue[][]).find((form) => !isWrongForm(form));
  return chosen ? chosen.flatMap((inner) => flatten(under(issue.path as Path, inner))) : [issue];
};

const unknownKey = (schema: z.ZodType, path: Path, key: string): Finding => {
  const known = keysAt(schema, path);
  const meant = suggest(key, known);
  const fix = meant ? `did you mean ${meant}?` : `remove it; the keys here are ${known.join(', ')}`;
  return errorAt([...path, key], 'is not a known key', fix);
};

const faultOf = (issue: Issue): Fault | undefined =>
  issue.code === 'custom' ? (issue.params?.['fault'] as Fault | undefined) : undefined;

const wrongValue = (schema: z.ZodType, data: unknown, issue: Issue): Finding => {
  const path = issue.path as Path;
  const fault = faultOf(issue);
  if (fault) return errorAt(path, fault.reason, fault.fix);
  const { expected, fix } = (schemaAt(schema, path) as z.ZodType).meta() as unknown as FieldHelp;
  const value = valueAt(data, path);
  const reason =
    value === undefined ? `is missing; it must be ${expected}` : `must be ${expected}, not ${described(value)}`;
  return errorAt(path, reason, fix);
};

const oncePerPath = (findings: readonly Finding[]): readonly Finding[] => {
  const first = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify(finding.path);
    if (!first.has(key)) first.set(key, finding);
  }
  return [...first.values()];
};

/** What the schema found, in words: reason and fix come from the field's own help, one finding a field. */
export const describeIssues = (schema: z.ZodType, data: unknown, issues: readonly Issue[]): readonly Finding[] =>
  oncePerPath(
    issues
      .flatMap(flatten)
      .flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => unknownKey(schema, issue.path as Path, key))
          : wrongValue(schema, data, issue),
      ),
  );
