/**
 * A function as the template describes it.
 *
 * Not modelled: architectures, VPC, file systems, container images, code signing, SnapStart, versions apart from $LATEST.
 */
import { createHash } from 'node:crypto';
import { arnOf, madeUpName } from '../arns.ts';
import { AwsError, type LocalContext, type ResourceInput } from '../service.ts';
import { object, optionalNumber, optionalText, type Properties, text } from '../template-values.ts';

export interface FunctionConfiguration {
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly runtime: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly reservedConcurrency: number | undefined;
  /** Queue or topic for events that failed every asynchronous attempt. */
  readonly deadLetterArn: string | undefined;
  readonly code: Buffer;
  /** Base64, as the API gives it. */
  readonly codeSha256: string;
}

/** Lambda's own defaults: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const TIMEOUT_SECONDS_DEFAULT = 3;
const MEMORY_MEGABYTES_DEFAULT = 128;

export const functionArn = (name: string): string => arnOf('lambda', `function:${name}`);

/** A name, a whole ARN, or either with a version or alias behind it, gives the function's name. */
export const functionNameOf = (nameOrArn: string): string => {
  const parts = nameOrArn.split(':');
  return (parts[0] === 'arn' ? parts[6] : parts[0]) ?? '';
};

export const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('base64');

/** The zip a `Code` or `Content` property points at. Throws as Lambda does when the object is not there. */
export const zipFrom = (context: LocalContext, source: Properties): Buffer => {
  const [bucket, key] = [text(source, 'S3Bucket'), text(source, 'S3Key')];
  const zip = context.objects.get(bucket, key);
  if (zip === undefined) {
    throw new AwsError(
      400,
      'InvalidParameterValueException',
      `Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist: s3://${bucket}/${key}. Upload it before the deploy.`,
    );
  }
  return zip;
};

const environmentOf = (properties: Properties): Record<string, string> => {
  const variables = object(object(properties, 'Environment'), 'Variables');
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
};

export const configurationFrom = (context: LocalContext, input: ResourceInput): FunctionConfiguration => {
  const { properties } = input;
  const name = optionalText(properties, 'FunctionName') ?? madeUpName(input.stackName, input.logicalId);
  const code = zipFrom(context, object(properties, 'Code'));
  return {
    name,
    arn: functionArn(name),
    handler: text(properties, 'Handler'),
    runtime: text(properties, 'Runtime'),
    roleArn: text(properties, 'Role'),
    environment: environmentOf(properties),
    timeoutSeconds: optionalNumber(properties, 'Timeout') ?? TIMEOUT_SECONDS_DEFAULT,
    memoryMegabytes: optionalNumber(properties, 'MemorySize') ?? MEMORY_MEGABYTES_DEFAULT,
    reservedConcurrency: optionalNumber(properties, 'ReservedConcurrentExecutions'),
    deadLetterArn: optionalText(object(properties, 'DeadLetterConfig'), 'TargetArn'),
    code,
    codeSha256: sha256Of(code),
  };
};
