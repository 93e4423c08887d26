/**
 * The functions of the stack and the ways to call them: wait for the answer, or leave an event and go.
 * Source of the asynchronous rules: Lambda guide, "How Lambda handles errors and retries with asynchronous invocation".
 *
 * Not modelled: the maximum age of an asynchronous event, duplicates, delivery to more than one destination.
 */
import { randomUUID } from 'node:crypto';
import { arnLike, serviceOfArn } from '../arns.ts';
import { AwsError, type LocalContext, type QueueSendOptions } from '../service.ts';
import { type FunctionConfiguration, functionArn, functionNameOf } from './function-configuration.ts';
import { functionLogs } from './function-logs.ts';
import { type FunctionPool, functionPool, type PoolResult } from './function-pool.ts';

/** Lambda tries twice more, one minute and then two minutes later. */
const ASYNCHRONOUS_RETRY_DELAYS_MS = [60_000, 120_000] as const;

export interface InvocationResult extends PoolResult {
  /** As in the header X-Amz-Function-Error. */
  readonly functionError: 'Unhandled' | undefined;
}

export interface AsynchronousSettings {
  readonly retriesMax: number;
  /** The queue that takes an event whose attempts all failed. */
  readonly onFailureArn: string | undefined;
}

export interface ResourcePermission {
  readonly id: string;
  readonly functionName: string;
  readonly principal: string;
  readonly sourceArn: string | undefined;
}

/** What other parts of the local cloud need of Lambda. Names may be names or ARNs; an unknown one throws ResourceNotFoundException. */
export interface FunctionInvoker {
  invoke(nameOrArn: string, payload: string, trigger: string): Promise<InvocationResult>;
  /** Returns at once; tries again as Lambda does, then sends the event to the function's failure queue, if it has one. */
  invokeLater(nameOrArn: string, payload: string, trigger: string): void;
  /** Whether an AWS::Lambda::Permission lets this service call it for this resource. */
  permits(nameOrArn: string, principal: string, sourceArn: string): boolean;
}

export interface Functions extends FunctionInvoker {
  put(configuration: FunctionConfiguration): void;
  remove(name: string): Promise<void>;
  get(nameOrArn: string): DeployedFunction;
  all(): readonly DeployedFunction[];
  allow(permission: ResourcePermission): void;
  disallow(permissionId: string): void;
  configureAsynchronous(name: string, settings: AsynchronousSettings | undefined): void;
  print(name: string, output: string): void;
  /** Ends every environment and closes the logs. */
  close(): Promise<void>;
}

export interface DeployedFunction {
  readonly configuration: FunctionConfiguration;
  readonly pool: FunctionPool;
  readonly lastModifiedMs: number;
}

export const createFunctions = (context: LocalContext): Functions => {
  const deployed = new Map<string, DeployedFunction>();
  const asynchronous = new Map<string, AsynchronousSettings>();
  const permissions = new Map<string, ResourcePermission>();
  const logs = functionLogs(context.stateFolder);
  const closing = new Set<Promise<void>>();

  const get = (nameOrArn: string): DeployedFunction => {
    const name = functionNameOf(nameOrArn);
    const found = deployed.get(name);
    if (found === undefined) {
      throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${functionArn(name)}`);
    }
    return found;
  };

  const invoke = async (nameOrArn: string, payload: string, trigger: string): Promise<InvocationResult> => {
    const { configuration, pool } = get(nameOrArn);
    const startedAt = context.clock.now();
    const result = await pool.run(payload);
    const durationMs = context.clock.now() - startedAt;
    const { outcome } = result;
    context.recorder.write({ kind: 'invocation', function: configuration.name, trigger, outcome, durationMs });
    if (outcome === 'success') return { ...result, functionError: undefined };
    logs.print(configuration.name, `${new Date(startedAt).toISOString()} ERROR Invoke Error ${result.payload}\n`);
    return { ...result, functionError: 'Unhandled' };
  };

  const giveUp = async (
    configuration: FunctionConfiguration,
    payload: string,
    last: InvocationResult,
  ): Promise<void> => {
    const queue = asynchronous.get(configuration.name)?.onFailureArn ?? configuration.deadLetterArn;
    const kept = queue !== undefined && serviceOfArn(queue) === 'sqs';
    context.recorder.write({
      kind: 'invocation-given-up',
      function: configuration.name,
      deadLetter: kept ? queue : null,
    });
    if (!kept) return;
    const messageAttributes: QueueSendOptions['messageAttributes'] = {
      RequestID: { DataType: 'String', StringValue: randomUUID() },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: last.payload.slice(0, 1_024) },
    };
    await context.queues.send(queue, payload, { messageAttributes });
  };

  const invokeWithRetries = async (nameOrArn: string, payload: string, trigger: string): Promise<void> => {
    const { configuration } = get(nameOrArn);
    const retriesMax = asynchronous.get(configuration.name)?.retriesMax ?? ASYNCHRONOUS_RETRY_DELAYS_MS.length;
    let result = await invoke(nameOrArn, payload, trigger);
    for (const delayMs of ASYNCHRONOUS_RETRY_DELAYS_MS.slice(0, retriesMax)) {
      if (result.functionError === undefined) return;
      await context.clock.sleep(delayMs, context.signal);
      if (context.signal.aborted) return;
      result = await invoke(nameOrArn, payload, trigger);
    }
    if (result.functionError !== undefined) await giveUp(configuration, payload, result);
  };

  const functions: Functions = {
    get,
    invoke,
    all: () => [...deployed.values()],
    invokeLater: (nameOrArn, payload, trigger) => {
      const { configuration } = get(nameOrArn);
      invokeWithRetries(nameOrArn, payload, trigger).catch((thrown: unknown) =>
        logs.print(configuration.name, `The event of ${trigger} was lost: ${String(thrown)}\n`),
      );
    },
    permits: (nameOrArn, principal, sourceArn) =>
      [...permissions.values()].some(
        (permission) =>
          permission.functionName === functionNameOf(nameOrArn) &&
          permission.principal === principal &&
          (permission.sourceArn === undefined || arnLike(permission.sourceArn, sourceArn)),
      ),
    put: (configuration) => {
      const previous = deployed.get(configuration.name);
      const pool = functionPool(context, configuration, (output) => logs.print(configuration.name, output));
      deployed.set(configuration.name, { configuration, pool, lastModifiedMs: context.clock.now() });
      if (previous === undefined) return;
      const retired = previous.pool.retire().finally(() => closing.delete(retired));
      closing.add(retired);
    },
    remove: async (name) => {
      const found = deployed.get(name);
      deployed.delete(name);
      await found?.pool.end();
    },
    allow: (permission) => void permissions.set(permission.id, permission),
    disallow: (permissionId) => void permissions.delete(permissionId),
    configureAsynchronous: (name, settings) =>
      void (settings === undefined ? asynchronous.delete(name) : asynchronous.set(name, settings)),
    print: (name, output) => logs.print(name, output),
    close: async () => {
      await Promise.all([...deployed.values()].map(({ pool }) => pool.end()));
      await Promise.all(closing);
      await logs.close();
    },
  };
  return functions;
};
