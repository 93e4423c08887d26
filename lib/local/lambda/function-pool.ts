/**
 * The execution environments of one function: warm ones are used again, new ones are started up to a cap, the rest waits.
 *
 * Not modelled: throttling (an invocation above the cap waits its turn), the limits on scaling out, and reclaiming of idle
 * environments.
 */
import { randomUUID } from 'node:crypto';
import { addMs, secondsToMs } from '../../fleet/time.ts';
import { roleNameOf } from '../permissions.ts';
import { AwsError, type LocalContext } from '../service.ts';
import { environmentFor } from './environment.ts';
import { type ExecutionEnvironment, type HostOutcome, startEnvironment } from './execution-environment.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import type { FunctionError } from './messages.ts';
import { prepareTaskRoot } from './task-root.ts';

/** Two cores run a demo with several functions: more threads than this each only wait for one another. */
const ENVIRONMENTS_MAX_DEFAULT = 4;
/**
 * A scaled timeout never becomes shorter than this on the wall: a busy laptop is not a slow function, and one that is
 * ended starts cold the next time, which takes the laptop longer still. Time that is not scaled is Lambda's own.
 */
const TIMEOUT_WALL_MS_MIN = 20_000;
/** Lambda gives a function 10 s to start; three times that for cold file caches. */
const START_WALL_MS_MAX = 30_000;

export interface PoolResult {
  readonly outcome: 'success' | 'error' | 'timeout' | 'exit';
  /** The handler's answer or the error, as JSON text. */
  readonly payload: string;
}

export interface FunctionPool {
  readonly environmentsMax: number;
  run(payload: string): Promise<PoolResult>;
  /** Lets running invocations end, then ends every environment. */
  retire(): Promise<void>;
  /** Ends every environment now. */
  end(): Promise<void>;
}

interface Slot {
  readonly environment: ExecutionEnvironment;
  readonly accessKeyId: string;
}

const failed = (outcome: 'error' | 'timeout' | 'exit', error: FunctionError): PoolResult => ({
  outcome,
  payload: JSON.stringify(error),
});

/** In service time. */
const timeoutMsOf = ({ timeoutSeconds }: FunctionConfiguration, timeFactor: number): number => {
  const leastMs = timeFactor > 1 ? TIMEOUT_WALL_MS_MIN * timeFactor : 0;
  return Math.max(secondsToMs(timeoutSeconds), leastMs);
};

export const functionPool = (
  context: LocalContext,
  configuration: FunctionConfiguration,
  print: (output: string) => void,
): FunctionPool => {
  const taskRoot = prepareTaskRoot(context.stateFolder, configuration);
  const environmentsMax = configuration.reservedConcurrency ?? ENVIRONMENTS_MAX_DEFAULT;
  const timeoutMs = timeoutMsOf(configuration, context.timeFactor);
  const all = new Set<Slot>();
  const idle: Slot[] = [];
  const waiting: (() => void)[] = [];
  const ended = new AbortController();
  let busy = 0;

  const start = (): Slot => {
    const { name, roleArn, handler, memoryMegabytes } = configuration;
    const credentials = context.credentials.issue({
      kind: 'role',
      roleName: roleNameOf(roleArn),
      roleArn,
      sessionName: name,
    });
    const logStream = `${new Date(context.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
    const environment = startEnvironment({
      setup: { taskRoot, handler },
      environment: environmentFor(context, configuration, credentials, taskRoot, logStream),
      memoryMegabytes,
      print,
    });
    const slot = { environment, accessKeyId: credentials.accessKeyId };
    all.add(slot);
    return slot;
  };

  const discard = async (slot: Slot): Promise<void> => {
    all.delete(slot);
    context.credentials.revoke(slot.accessKeyId);
    await slot.environment.end();
  };

  const takeIdle = (): Slot | undefined => {
    for (let slot = idle.pop(); slot !== undefined; slot = idle.pop()) {
      if (slot.environment.alive) return slot;
      void discard(slot);
    }
    return undefined;
  };

  /** The outcome, or undefined when `limitMs` of scaled time pass first. */
  const within = async <Value>(
    limitMs: number,
    work: Promise<Value>,
  ): Promise<{ readonly value: Value } | undefined> => {
    const done = new AbortController();
    const late = context.clock.sleep(limitMs, done.signal).then(() => undefined);
    const outcome = await Promise.race([work.then((value) => ({ value })), late]);
    done.abort();
    return outcome;
  };

  const started = async (slot: Slot): Promise<HostOutcome | undefined> => {
    const outcome = await within(START_WALL_MS_MAX * context.timeFactor, slot.environment.ready);
    if (outcome !== undefined) return outcome.value;
    return {
      kind: 'exit',
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'Error: the function did not start in time' },
    };
  };

  const settle = (slot: Slot, requestId: string, outcome: HostOutcome): PoolResult => {
    if (outcome.kind === 'answer') {
      idle.push(slot);
      return { outcome: 'success', payload: outcome.payload };
    }
    if (outcome.kind === 'error') {
      idle.push(slot);
      return failed('error', outcome.error);
    }
    void discard(slot);
    const { error } = outcome;
    return failed('exit', { ...error, errorMessage: `RequestId: ${requestId} ${error.errorMessage}` });
  };

  const timedOut = async (slot: Slot, requestId: string): Promise<PoolResult> => {
    await discard(slot);
    const message = `Task timed out after ${configuration.timeoutSeconds.toFixed(2)} seconds`;
    print(`${new Date(context.clock.now()).toISOString()} ${requestId} ${message}\n`);
    return failed('timeout', {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: ${message}`,
    });
  };

  const runIn = async (slot: Slot, payload: string): Promise<PoolResult> => {
    const requestId = randomUUID();
    const failedStart = await started(slot);
    if (failedStart !== undefined) return settle(slot, requestId, failedStart);
    const deadlineMs = addMs(context.clock.now(), timeoutMs);
    const run = slot.environment.run({ requestId, payload, functionArn: configuration.arn, deadlineMs });
    const outcome = await within(timeoutMs, run);
    return outcome === undefined ? timedOut(slot, requestId) : settle(slot, requestId, outcome.value);
  };

  const turn = async (): Promise<void> => {
    if (busy >= environmentsMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    if (ended.signal.aborted) throw new AwsError(500, 'ServiceException', 'The local cloud is closing.');
  };

  /** Hands the place on, so that nobody who comes later overtakes. */
  const leave = (): void => {
    const nextInLine = waiting.shift();
    if (nextInLine === undefined) busy -= 1;
    else nextInLine();
  };

  const end = async (): Promise<void> => {
    ended.abort();
    await Promise.all([...all].map(discard));
  };

  return {
    environmentsMax,
    run: async (payload) => {
      if (environmentsMax === 0) throw new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.');
      await turn();
      try {
        return await runIn(takeIdle() ?? start(), payload);
      } finally {
        leave();
      }
    },
    retire: async () => {
      while (busy > 0) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        leave();
      }
      await end();
    },
    end,
  };
};
