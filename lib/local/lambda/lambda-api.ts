/**
 * Lambda's REST API, as far as a deploy and our own tools ask.
 *
 * Not modelled: everything that changes a function (that is the template's business), log tails, paging.
 */

import { restJsonError } from '../http/answers.ts';
import { restJsonAnswer, unknownOperation } from '../http/json-call.ts';
import {
  type AuthorisationCheck,
  AwsError,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
  type ServiceCall,
} from '../service.ts';
import type { DeployedFunction, Functions } from './functions.ts';
import { functionResource } from './providers.ts';

interface Operation {
  readonly action: string;
  readonly checks: readonly AuthorisationCheck[];
  readonly parameters: Readonly<Record<string, unknown>>;
  carryOut(): Promise<LocalResponse>;
}

type Route = (request: LocalRequest, parts: readonly string[]) => Operation | undefined;

const check = (action: string, resource: string): readonly AuthorisationCheck[] => [
  { action: `lambda:${action}`, resource, context: {} },
];

/** The form Lambda uses: `2026-11-21T08:00:00.000+0000`. */
const lambdaTime = (instantMs: number): string => new Date(instantMs).toISOString().replace('Z', '+0000');

const describeFunction = ({ configuration, lastModifiedMs }: DeployedFunction): Readonly<Record<string, unknown>> => ({
  FunctionName: configuration.name,
  FunctionArn: configuration.arn,
  Runtime: configuration.runtime,
  Role: configuration.roleArn,
  Handler: configuration.handler,
  CodeSize: configuration.code.length,
  CodeSha256: configuration.codeSha256,
  Timeout: configuration.timeoutSeconds,
  MemorySize: configuration.memoryMegabytes,
  LastModified: lambdaTime(lastModifiedMs),
  Version: '$LATEST',
  State: 'Active',
  LastUpdateStatus: 'Successful',
  PackageType: 'Zip',
  Environment: { Variables: configuration.environment },
});

const checkedPayload = (request: LocalRequest): string => {
  const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
  try {
    JSON.parse(payload);
  } catch {
    throw new AwsError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  return payload;
};

const callerName = ({ caller }: LocalRequest): string => (caller.kind === 'role' ? caller.sessionName : caller.kind);

const invoke = async (functions: Functions, request: LocalRequest, name: string): Promise<LocalResponse> => {
  const kind = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const payload = checkedPayload(request);
  functions.get(name);
  if (kind === 'DryRun') return { status: 204, headers: {}, body: '' };
  const trigger = `invoke:${callerName(request)}`;
  if (kind === 'Event') {
    functions.invokeLater(name, payload, trigger);
    return { status: 202, headers: {}, body: '' };
  }
  const result = await functions.invoke(name, payload, trigger);
  const failure: Record<string, string> =
    result.functionError === undefined ? {} : { 'x-amz-function-error': result.functionError };
  const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST', ...failure };
  return { status: 200, headers, body: result.payload };
};

const functionRoutes =
  (functions: Functions): Route =>
  (request, [api, section, name, part]) => {
    if (api !== '2015-03-31' || section !== 'functions') return undefined;
    if (name === undefined || name === '') {
      const carryOut = async () => restJsonAnswer({ Functions: functions.all().map(describeFunction) });
      return { action: 'ListFunctions', checks: check('ListFunctions', '*'), parameters: {}, carryOut };
    }
    const parameters = { function: name };
    const resource = functionResource(name);
    if (request.method === 'POST' && part === 'invocations') {
      return {
        action: 'Invoke',
        checks: check('InvokeFunction', resource),
        parameters,
        carryOut: () => invoke(functions, request, name),
      };
    }
    if (request.method !== 'GET') return undefined;
    if (part === 'configuration') {
      const carryOut = async () => restJsonAnswer(describeFunction(functions.get(name)));
      return {
        action: 'GetFunctionConfiguration',
        checks: check('GetFunctionConfiguration', resource),
        parameters,
        carryOut,
      };
    }
    const carryOut = async () =>
      restJsonAnswer({
        Configuration: describeFunction(functions.get(name)),
        Code: { RepositoryType: 'S3' },
        Tags: {},
      });
    return part === undefined
      ? { action: 'GetFunction', checks: check('GetFunction', resource), parameters, carryOut }
      : undefined;
  };

export const lambdaApi = (functions: Functions): LocalService => {
  const routes: readonly Route[] = [functionRoutes(functions)];

  const operationOf = (request: LocalRequest): Operation => {
    const parts = request.path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    for (const route of routes) {
      const operation = route(request, parts);
      if (operation !== undefined) return operation;
    }
    throw unknownOperation('Lambda', `${request.method} ${request.path}`);
  };

  return {
    signingNames: ['lambda'],
    understand: (request): ServiceCall => {
      const { action, checks, parameters } = operationOf(request);
      return { action, checks, parameters };
    },
    handle: (request) => operationOf(request).carryOut(),
    error: restJsonError,
  };
};
