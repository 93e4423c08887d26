/**
 * Functions, their versions, their permissions and their settings for asynchronous calls, as resources of the template.
 *
 * Not modelled: versions keep no copy of the code (a version's ARN runs $LATEST), aliases, function URLs.
 */
import { arnOf } from '../arns.ts';
import { roleTrusts } from '../permissions.ts';
import {
  AwsError,
  type LocalContext,
  type ProvisionedResource,
  type ResourceInput,
  type ResourceProvider,
} from '../service.ts';
import { object, optionalNumber, optionalText, text } from '../template-values.ts';
import {
  configurationFrom,
  type FunctionConfiguration,
  functionArn,
  functionNameOf,
} from './function-configuration.ts';
import type { Functions } from './functions.ts';

const LAMBDA_PRINCIPAL = 'lambda.amazonaws.com';

const demandAssumableRole = (context: LocalContext, { arn, roleArn }: FunctionConfiguration): void => {
  if (roleTrusts(context, roleArn, LAMBDA_PRINCIPAL, arn)) return;
  throw new AwsError(
    400,
    'InvalidParameterValueException',
    `The role defined for the function cannot be assumed by Lambda. Let ${LAMBDA_PRINCIPAL} assume ${roleArn}.`,
  );
};

const functionProvider = (context: LocalContext, functions: Functions): ResourceProvider => {
  const put = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const configuration = configurationFrom(context, input);
    demandAssumableRole(context, configuration);
    functions.put(configuration);
    const { name, arn } = configuration;
    return { physicalId: name, ref: name, attributes: { Arn: arn }, properties: input.properties };
  };
  return {
    type: 'AWS::Lambda::Function',
    create: put,
    update: async (input, existing) => {
      const updated = await put(input);
      if (updated.physicalId !== existing.physicalId) await functions.remove(existing.physicalId);
      return updated;
    },
    delete: (existing) => functions.remove(existing.physicalId),
  };
};

const versionProvider = (functions: Functions): ResourceProvider => {
  const newest = new Map<string, number>();
  return {
    type: 'AWS::Lambda::Version',
    create: async (input) => {
      const { configuration } = functions.get(text(input.properties, 'FunctionName'));
      const version = (newest.get(configuration.name) ?? 0) + 1;
      newest.set(configuration.name, version);
      const arn = `${configuration.arn}:${version}`;
      const attributes = { Version: String(version), FunctionArn: arn };
      return { physicalId: arn, ref: arn, attributes, properties: input.properties };
    },
    delete: async () => undefined,
  };
};

const permissionProvider = (functions: Functions): ResourceProvider => ({
  type: 'AWS::Lambda::Permission',
  create: async ({ stackName, logicalId, properties }) => {
    const id = `${stackName}-${logicalId}`;
    functions.allow({
      id,
      functionName: functionNameOf(text(properties, 'FunctionName')),
      principal: text(properties, 'Principal'),
      sourceArn: optionalText(properties, 'SourceArn'),
    });
    return { physicalId: id, ref: id, attributes: { Id: id }, properties };
  },
  delete: async (existing) => functions.disallow(existing.physicalId),
});

const asynchronousProvider = (functions: Functions): ResourceProvider => ({
  type: 'AWS::Lambda::EventInvokeConfig',
  create: async ({ logicalId, properties }) => {
    const name = functionNameOf(text(properties, 'FunctionName'));
    const destinations = object(properties, 'DestinationConfig');
    functions.configureAsynchronous(name, {
      retriesMax: optionalNumber(properties, 'MaximumRetryAttempts') ?? 2,
      onFailureArn: optionalText(object(destinations, 'OnFailure'), 'Destination'),
    });
    return { physicalId: name, ref: logicalId, attributes: {}, properties };
  },
  delete: async (existing) => functions.configureAsynchronous(existing.physicalId, undefined),
});

export const lambdaProviders = (context: LocalContext, functions: Functions): readonly ResourceProvider[] => [
  functionProvider(context, functions),
  versionProvider(functions),
  permissionProvider(functions),
  asynchronousProvider(functions),
];

/** The resource that a permission on a function names. */
export const functionResource = (nameOrArn: string): string => functionArn(functionNameOf(nameOrArn));

export const eventSourceMappingArn = (id: string): string => arnOf('lambda', `event-source-mapping:${id}`);
