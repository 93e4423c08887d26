/** What a stack's template can read while it is resolved. */
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';
import { conditionHolds, NO_VALUE, resolveValue, type Scope } from './intrinsics.ts';
import type { Stack, StackOutput } from './stack.ts';
import { type Template, validationError } from './template.ts';

export const scopeOf = (
  stack: Pick<Stack, 'name' | 'id' | 'resources'>,
  template: Template,
  parameters: ReadonlyMap<string, unknown>,
): Scope => ({
  template,
  parameters,
  pseudo: new Map<string, unknown>([
    ['AWS::AccountId', LOCAL_ACCOUNT],
    ['AWS::Region', LOCAL_REGION],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', stack.name],
    ['AWS::StackId', stack.id],
    ['AWS::NotificationARNs', []],
  ]),
  ref: (logicalId) => stack.resources.get(logicalId)?.provisioned.ref,
  attribute: (logicalId, name) => stack.resources.get(logicalId)?.provisioned.attributes[name],
});

/** The one type that keeps references to Parameter Store: EC2 resolves them itself when it launches. */
const KEEPS_REFERENCES = 'AWS::EC2::LaunchTemplate';

const DYNAMIC_REFERENCE = /\{\{resolve:[^}]*\}\}/;

/** The properties of one resource, ready for its provider. */
export const resolvedProperties = (logicalId: string, scope: Scope): Record<string, unknown> => {
  const resource = scope.template.Resources[logicalId];
  const properties = resolveValue(resource?.Properties ?? {}, scope) as Record<string, unknown>;
  const reference = DYNAMIC_REFERENCE.exec(JSON.stringify(properties))?.[0];
  if (reference !== undefined && resource?.Type !== KEEPS_REFERENCES) {
    throw validationError(
      `${logicalId} (${resource?.Type}) uses ${reference}: the local cloud has no Parameter Store; give the value itself, or as a parameter.`,
    );
  }
  return properties;
};

export const isWanted = (logicalId: string, scope: Scope): boolean => {
  const condition = scope.template.Resources[logicalId]?.Condition;
  return condition === undefined || conditionHolds(condition, scope);
};

export const resolvedOutputs = (scope: Scope): readonly StackOutput[] =>
  Object.entries(scope.template.Outputs ?? {})
    .filter(([, output]) => output.Condition === undefined || conditionHolds(output.Condition, scope))
    .map(([key, output]) => {
      const value = resolveValue(output.Value, scope);
      const exportName = output.Export === undefined ? undefined : resolveValue(output.Export.Name, scope);
      return {
        key,
        value: value === NO_VALUE ? '' : String(value),
        ...(output.Description !== undefined && { description: output.Description }),
        ...(exportName !== undefined && { exportName: String(exportName) }),
      };
    });
