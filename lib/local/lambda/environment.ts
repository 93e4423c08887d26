/**
 * The environment variables a function sees: the template's, and those Lambda sets.
 *
 * Not modelled: AWS_EXECUTION_ENV, X-Ray's variables, and the runtime's own (PATH, LANG, TZ, NODE_PATH).
 */
import { join } from 'node:path';
import { type Credentials, LOCAL_REGION, type LocalContext } from '../service.ts';
import type { FunctionConfiguration } from './function-configuration.ts';

export const environmentFor = (
  context: LocalContext,
  configuration: FunctionConfiguration,
  credentials: Credentials,
  taskRoot: string,
  logStreamName: string,
): Record<string, string> => ({
  ...configuration.environment,
  AWS_REGION: LOCAL_REGION,
  AWS_DEFAULT_REGION: LOCAL_REGION,
  AWS_LAMBDA_FUNCTION_NAME: configuration.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memoryMegabytes),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${configuration.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
  LAMBDA_TASK_ROOT: taskRoot,
  AWS_ENDPOINT_URL: context.endpoint(),
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
  SPOTHOP_TIME_FACTOR: String(context.timeFactor),
  SPOTHOP_TIME_ORIGIN_MS: String(context.timeOriginMs),
  // Lambda has no such files; the laptop may, and a setting there could send calls to the real AWS.
  AWS_CONFIG_FILE: join(taskRoot, '.aws-config-absent'),
  AWS_SHARED_CREDENTIALS_FILE: join(taskRoot, '.aws-credentials-absent'),
});
