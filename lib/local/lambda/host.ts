/**
 * One execution environment of a function: a thread that imports the packaged handler once and answers one event at a time.
 *
 * Not modelled: another working directory and time zone than the local cloud's own, `/tmp` per environment, callback
 * handlers, response streaming, layers.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { timeScaleFromEnvironment, wallClock } from '../../clock/wall-clock.ts';
import type { FunctionError, HostInvocation, HostMessage, HostSetup } from './messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const clock = wallClock(timeScaleFromEnvironment(process.env));
const tell = (message: HostMessage): void => parentPort?.postMessage(message);

const describeError = (thrown: unknown): FunctionError =>
  thrown instanceof Error
    ? { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') }
    : { errorType: typeof thrown, errorMessage: String(thrown) };

const moduleFile = (taskRoot: string, path: string): string | undefined =>
  ['.js', '.mjs', '.cjs'].map((ending) => join(taskRoot, `${path}${ending}`)).find((file) => existsSync(file));

const named = (errorType: string, errorMessage: string): Error =>
  Object.assign(new Error(errorMessage), { name: errorType });

const loadHandler = async ({ taskRoot, handler }: HostSetup): Promise<Handler> => {
  const point = handler.indexOf('.', handler.lastIndexOf('/') + 1);
  const [path, exportPath] = [handler.slice(0, point), handler.slice(point + 1)];
  const file = point < 0 ? undefined : moduleFile(taskRoot, path);
  if (file === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${path}'`);
  let found: unknown = await import(pathToFileURL(file).href);
  for (const name of exportPath.split('.')) found = (found as Record<string, unknown> | undefined)?.[name];
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  return found as Handler;
};

const contextOf = (invocation: HostInvocation): Readonly<Record<string, unknown>> => ({
  functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
  functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
  memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
  logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
  logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
  invokedFunctionArn: invocation.functionArn,
  awsRequestId: invocation.requestId,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, invocation.deadlineMs - clock.now()),
});

const answer = async (handler: Handler, invocation: HostInvocation): Promise<void> => {
  const { requestId } = invocation;
  try {
    const result = await handler(JSON.parse(invocation.payload), contextOf(invocation));
    tell({ kind: 'answer', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (thrown) {
    tell({ kind: 'error', requestId, error: describeError(thrown) });
  }
};

try {
  const handler = await loadHandler(workerData as HostSetup);
  parentPort?.on('message', (invocation: HostInvocation) => void answer(handler, invocation));
  tell({ kind: 'ready' });
} catch (thrown) {
  tell({ kind: 'init-error', error: describeError(thrown) });
}
