/** A CloudFormation template as it arrives: JSON, in the form `serverless package` writes. */
import { AwsError } from '../service.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly NoEcho?: unknown;
  readonly Description?: string;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface Template {
  readonly Description?: string;
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

export const validationError = (message: string): AwsError => new AwsError(400, 'ValidationError', message);

/** Throws AwsError `ValidationError` for what is no template. */
export const parseTemplate = (text: string): Template => {
  let template: Template;
  try {
    template = JSON.parse(text);
  } catch (cause) {
    throw validationError(`Template format error: the local cloud reads JSON templates only (${String(cause)})`);
  }
  const resources = Object.entries(template.Resources ?? {});
  if (resources.length === 0)
    throw validationError('Template format error: At least one Resources member must be defined.');
  const untyped = resources.find(([, resource]) => typeof resource.Type !== 'string');
  if (untyped !== undefined) throw validationError(`Template format error: resource ${untyped[0]} has no Type`);
  return template;
};

/** The values of a template's parameters: those given, else their defaults. */
export const parameterValues = (template: Template, given: ReadonlyMap<string, string>): Map<string, unknown> => {
  const declared = template.Parameters ?? {};
  const undeclared = [...given.keys()].find((name) => declared[name] === undefined);
  if (undeclared !== undefined) throw validationError(`Parameters: [${undeclared}] do not exist in the template`);
  return new Map(
    Object.entries(declared).map(([name, parameter]) => [name, parameterValue(name, parameter, given.get(name))]),
  );
};

const parameterValue = (name: string, parameter: TemplateParameter, given: string | undefined): unknown => {
  const value = given ?? parameter.Default;
  if (value === undefined) throw validationError(`Parameters: [${name}] must have values`);
  if (parameter.AllowedValues !== undefined && !parameter.AllowedValues.map(String).includes(String(value))) {
    throw validationError(`Parameter '${name}' must be one of AllowedValues`);
  }
  // What AWS would look up in Parameter Store stays a reference, which only launch templates accept here.
  if (parameter.Type.startsWith('AWS::SSM::Parameter::Value')) return `{{resolve:ssm:${String(value)}}}`;
  if (parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<')) {
    return String(value)
      .split(',')
      .map((entry) => entry.trim());
  }
  return String(value);
};
