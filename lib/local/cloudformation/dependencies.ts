/** In which order a template's resources can be made: after everything they refer to. */
import { type Template, type TemplateResource, validationError } from './template.ts';

const SUB_NAME = /\$\{([^!}][^}]*)\}/g;

const subReferences = (argument: unknown): string[] => {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  const ownNames = new Set(Object.keys((own as object) ?? {}));
  const names = [...String(text).matchAll(SUB_NAME)]
    .map((match) => match[1] ?? '')
    .filter((name) => !ownNames.has(name));
  return [...names.map((name) => name.split('.')[0] ?? ''), ...references(own)];
};

/** Every name that Ref, Fn::GetAtt and Fn::Sub mention anywhere in a value. */
export const references = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === 'Ref') return [String(argument)];
    if (name === 'Fn::GetAtt') return [String(Array.isArray(argument) ? argument[0] : String(argument).split('.')[0])];
    return name === 'Fn::Sub' ? subReferences(argument) : references(argument);
  });
};

const dependenciesOf = (logicalId: string, resource: TemplateResource, template: Template): readonly string[] => {
  const named = [resource.DependsOn ?? []].flat();
  const missing = named.find((name) => template.Resources[name] === undefined);
  if (missing !== undefined) {
    throw validationError(
      `Template format error: Unresolved resource dependencies [${missing}] in the Resources block (${logicalId})`,
    );
  }
  return [...named, ...references(resource.Properties)].filter((name) => template.Resources[name] !== undefined);
};

const checkReferences = (template: Template): void => {
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    const unknown = references(resource.Properties).find(
      (name) =>
        !name.startsWith('AWS::') &&
        template.Resources[name] === undefined &&
        template.Parameters?.[name] === undefined,
    );
    if (unknown !== undefined) {
      throw validationError(
        `Template format error: Unresolved resource dependencies [${unknown}] in the Resources block (${logicalId})`,
      );
    }
  }
};

/** Logical ids, each after what it needs, otherwise as the template lists them. Throws AwsError for a circle. */
export const deploymentOrder = (template: Template): readonly string[] => {
  checkReferences(template);
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    if (done.has(logicalId)) return;
    if (path.includes(logicalId)) {
      throw validationError(
        `Circular dependency between resources: [${[...path.slice(path.indexOf(logicalId)), logicalId].join(', ')}]`,
      );
    }
    const resource = template.Resources[logicalId];
    if (resource === undefined) return;
    for (const dependency of dependenciesOf(logicalId, resource, template)) visit(dependency, [...path, logicalId]);
    done.add(logicalId);
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return order;
};
