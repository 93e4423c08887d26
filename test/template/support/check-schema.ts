import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Template } from './template.ts';

/** AWS's own definitions of every resource type: properties, their types, which are required, and what GetAtt can read. */
const SPECIFICATION = loadAwsServiceSpecSync();

type ResourceType = NonNullable<ReturnType<typeof resourceType>>;
type PropertyDefinitions = ResourceType['properties'];
type PropertyType = PropertyDefinitions[string]['type'];

export const resourceType = (name: string) =>
  [...SPECIFICATION.lookup('resource', 'cloudFormationType', 'equals', name)][0];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIntrinsic = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length === 1 && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0]!);

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? 'nothing';

const wrongType = (path: string, wanted: string, value: unknown): string[] => [
  `${path}: ${shown(value)} is not a ${wanted}`,
];

const checkProperties = (definitions: PropertyDefinitions, value: unknown, path: string): string[] => {
  if (!isObject(value)) return wrongType(path, 'set of properties', value);
  const missing = Object.entries(definitions)
    .filter(([name, definition]) => definition.required && value[name] === undefined)
    .map(([name]) => `${path}.${name}: is required`);
  const found = Object.entries(value).flatMap(([name, inner]) => {
    const definition = definitions[name];
    if (definition === undefined) return [`${path}.${name}: is unknown`];
    return checkType(definition.type, inner, `${path}.${name}`);
  });
  return [...missing, ...found];
};

const checkText = (type: { readonly allowedValues?: readonly string[] }, value: unknown, path: string): string[] => {
  if (typeof value !== 'string') return wrongType(path, 'string', value);
  const allowed = type.allowedValues;
  return allowed === undefined || allowed.includes(value) ? [] : wrongType(path, `one of ${allowed.join(', ')}`, value);
};

const TAG: PropertyDefinitions = {
  Key: { type: { type: 'string' }, required: true },
  Value: { type: { type: 'string' }, required: true },
};

/** What an intrinsic function gives is known only when it is deployed. */
const checkType = (type: PropertyType, value: unknown, path: string): string[] => {
  if (isIntrinsic(value)) return [];
  switch (type.type) {
    case 'string':
    case 'date-time':
      return checkText(type.type === 'string' ? type : {}, value, path);
    case 'integer':
      return Number.isInteger(value) ? [] : wrongType(path, 'whole number', value);
    case 'number':
      return typeof value === 'number' ? [] : wrongType(path, 'number', value);
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrongType(path, 'boolean', value);
    case 'json':
      return isObject(value) || typeof value === 'string' ? [] : wrongType(path, 'JSON document', value);
    case 'array':
      if (!Array.isArray(value)) return wrongType(path, 'list', value);
      return value.flatMap((inner, index) => checkType(type.element, inner, `${path}[${index}]`));
    case 'map':
      if (!isObject(value)) return wrongType(path, 'map', value);
      return Object.entries(value).flatMap(([name, inner]) => checkType(type.element, inner, `${path}.${name}`));
    case 'ref':
      return checkProperties(SPECIFICATION.get('typeDefinition', type.reference).properties, value, path);
    case 'tag':
      return checkProperties(TAG, value, path);
    case 'union': {
      const answers = type.types.map((one) => checkType(one, value, path));
      return answers.some((answer) => answer.length === 0) ? [] : answers[0]!;
    }
    case 'null':
      return value === null ? [] : wrongType(path, 'null', value);
  }
};

/** Everything in the template that AWS's definitions do not allow. */
export const checkSchema = (template: Template): string[] =>
  Object.entries(template.Resources).flatMap(([id, resource]) => {
    const known = resourceType(resource.Type);
    if (known === undefined) return [`${id}: ${resource.Type} is not a resource type`];
    return checkProperties(known.properties, resource.Properties ?? {}, id);
  });
