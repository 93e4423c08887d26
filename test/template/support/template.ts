import { fileURLToPath } from 'node:url';
import { packagedTemplate } from '../../support/packaged-service.ts';

export { PACKAGING_MS_MAX } from '../../support/packaged-service.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
}

/** A resource's properties as a test reads them: it names what it expects, and gets `undefined` for what is not there. */
// biome-ignore lint/suspicious/noExplicitAny: a template is as deep as AWS made it, and the schema test knows its types.
export type Properties = Readonly<Record<string, any>>;

const FLEET_FILE = fileURLToPath(new URL('../fleets.yml', import.meta.url));

export const theTemplate = async (): Promise<Template> => (await packagedTemplate(FLEET_FILE)) as Template;

/** Logical id and properties of every resource of a type. */
export const resourcesOf = (template: Template, type: string): readonly (readonly [string, Properties])[] =>
  Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => [id, resource.Properties ?? {}]);

export const propertiesOf = (template: Template, id: string): Properties => {
  const resource = template.Resources[id];
  if (resource === undefined) throw new Error(`The template has no resource ${id}.`);
  return resource.Properties ?? {};
};

/** Logical ids of those that break a rule: an empty list is what a test wants, and names the culprits otherwise. */
export const breaking = (
  resources: readonly (readonly [string, Properties])[],
  holds: (properties: Properties, id: string) => boolean,
): string[] => resources.filter(([id, properties]) => !holds(properties, id)).map(([id]) => id);

/** The logical id that a `Ref` or an `Fn::GetAtt` of an ARN points at. */
export const targetOf = (value: unknown): string | undefined => {
  const { Ref: ref, 'Fn::GetAtt': attribute } = (value ?? {}) as Properties;
  return ref ?? attribute?.[0];
};

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface RoleStatement {
  readonly role: string;
  readonly sid: string;
  readonly statement: Statement;
  readonly actions: readonly string[];
  readonly resources: readonly unknown[];
}

/** Every statement of every role's own policies. */
export const roleStatements = (template: Template): readonly RoleStatement[] =>
  resourcesOf(template, 'AWS::IAM::Role').flatMap(([role, properties]) =>
    (properties['Policies'] ?? []).flatMap(({ PolicyDocument: document }: Properties) =>
      document['Statement'].map((statement: Statement) => ({
        role,
        sid: `${role}/${statement.Sid}`,
        statement,
        actions: [statement.Action].flat(),
        resources: [statement.Resource].flat(),
      })),
    ),
  );
