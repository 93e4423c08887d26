import { resourceType } from './check-schema.ts';
import type { Template } from './template.ts';

interface Reference {
  readonly to: string;
  /** Absent for `Ref` and `DependsOn`. */
  readonly attribute?: string;
}

const dotted = (text: string): Reference => {
  const [to = '', ...attribute] = text.split('.');
  return attribute.length === 0 ? { to } : { to, attribute: attribute.join('.') };
};

/** `${!Name}` is text, and names given to the second argument are not the template's. */
const inSub = (value: unknown): Reference[] => {
  const [text, own = {}] = (Array.isArray(value) ? value : [value]) as [string, Record<string, unknown>?];
  const found = [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map((match) => dotted(match[1]!.trim()));
  return [...found.filter(({ to }) => !(to in own)), ...referencesIn(own)];
};

const inGetAtt = (value: unknown): Reference =>
  Array.isArray(value) ? { to: String(value[0]), attribute: value.slice(1).join('.') } : dotted(String(value));

/** Everything that a value points at, wherever it stands. */
const referencesIn = (value: unknown): Reference[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [{ to: String(inner) }];
    if (key === 'Fn::GetAtt') return [inGetAtt(inner)];
    return key === 'Fn::Sub' ? inSub(inner) : referencesIn(inner);
  });
};

const isPseudoParameter = ({ to }: Reference): boolean => to.startsWith('AWS::');

const problemOf = (template: Template, from: string, { to, attribute }: Reference): string[] => {
  const target = template.Resources[to];
  if (target === undefined) return [`${from}: points at ${to}, which is not there`];
  if (attribute === undefined) return [];
  const known = resourceType(target.Type)?.attributes[attribute];
  return known === undefined ? [`${from}: ${target.Type} has no attribute ${attribute}`] : [];
};

const referencesOf = (template: Template, id: string): Reference[] => {
  const resource = template.Resources[id]!;
  const dependencies = [resource.DependsOn ?? []].flat().map((to) => ({ to }));
  return [...referencesIn(resource.Properties), ...dependencies].filter((found) => !isPseudoParameter(found));
};

/** References to resources or attributes that do not exist, of resources and of outputs. */
export const checkReferences = (template: Template): string[] => [
  ...Object.keys(template.Resources).flatMap((id) =>
    referencesOf(template, id).flatMap((reference) => problemOf(template, id, reference)),
  ),
  ...Object.entries(template.Outputs ?? {}).flatMap(([name, output]) =>
    referencesIn(output)
      .filter((found) => !isPseudoParameter(found))
      .flatMap((reference) => problemOf(template, `output ${name}`, reference)),
  ),
];

/** Circles of resources that each need the next one first: CloudFormation refuses such a template. */
export const findCycles = (template: Template): string[] => {
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (id: string, path: readonly string[]): void => {
    if (path.includes(id)) cycles.push([...path.slice(path.indexOf(id)), id].join(' → '));
    if (path.includes(id) || finished.has(id) || template.Resources[id] === undefined) return;
    for (const { to } of referencesOf(template, id)) visit(to, [...path, id]);
    finished.add(id);
  };
  for (const id of Object.keys(template.Resources)) visit(id, []);
  return cycles;
};
