/**
 * One thread that runs a function, seen from outside: start it, give it one event at a time, end it.
 *
 * Not modelled: freezing between invocations (a function's timers go on), the processor share that memory buys, and the
 * memory limit beyond the size of the JavaScript heap.
 */
import { Worker } from 'node:worker_threads';
import type { FunctionError, HostInvocation, HostMessage, HostSetup } from './messages.ts';

export type HostOutcome =
  | { readonly kind: 'answer'; readonly payload: string }
  | { readonly kind: 'error'; readonly error: FunctionError }
  /** The thread is gone: it exited, ran out of memory, or never came up. */
  | { readonly kind: 'exit'; readonly error: FunctionError };

export interface ExecutionEnvironment {
  readonly alive: boolean;
  /** Resolves when the handler is imported, or with why it could not be. */
  readonly ready: Promise<HostOutcome | undefined>;
  run(invocation: HostInvocation): Promise<HostOutcome>;
  end(): Promise<void>;
}

export interface EnvironmentSettings {
  readonly setup: HostSetup;
  readonly environment: Record<string, string>;
  readonly memoryMegabytes: number;
  /** Everything the function prints. */
  print(output: string): void;
}

const exitError = (thrown: NodeJS.ErrnoException | undefined, exitCode: number): FunctionError => {
  if (thrown?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      errorType: 'Runtime.ExitError',
      errorMessage: 'Error: Runtime exited with error: signal: killed (out of memory)',
    };
  }
  if (thrown !== undefined) return { errorType: thrown.name, errorMessage: thrown.message };
  const how = exitCode === 0 ? 'without providing a reason' : `with error: exit status ${exitCode}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `Error: Runtime exited ${how}` };
};

const outcomeOf = (message: HostMessage): HostOutcome | undefined => {
  if (message.kind === 'ready') return undefined;
  if (message.kind === 'answer') return { kind: 'answer', payload: message.payload };
  return { kind: message.kind === 'error' ? 'error' : 'exit', error: message.error };
};

const startThread = (settings: EnvironmentSettings): Worker => {
  const thread = new Worker(new URL('./host.ts', import.meta.url), {
    env: settings.environment,
    workerData: settings.setup,
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: settings.memoryMegabytes },
  });
  for (const stream of [thread.stdout, thread.stderr]) stream.setEncoding('utf8').on('data', settings.print);
  return thread;
};

export const startEnvironment = (settings: EnvironmentSettings): ExecutionEnvironment => {
  const thread = startThread(settings);
  let alive = true;
  let thrown: Error | undefined;
  let hand: (outcome: HostOutcome | undefined) => void = () => undefined;
  const next = (): Promise<HostOutcome | undefined> =>
    new Promise((resolve) => {
      hand = resolve;
    });
  const ready = next();

  thread.on('message', (message: HostMessage) => hand(outcomeOf(message)));
  thread.on('error', (error: Error) => {
    thrown = error;
  });
  thread.on('exit', (exitCode) => {
    alive = false;
    hand({ kind: 'exit', error: exitError(thrown, exitCode) });
  });

  return {
    get alive() {
      return alive;
    },
    ready,
    run: async (invocation) => {
      if (!alive) return { kind: 'exit', error: exitError(thrown, 1) };
      const outcome = next();
      thread.postMessage(invocation);
      return (await outcome) ?? { kind: 'exit', error: exitError(thrown, 1) };
    },
    end: async () => {
      alive = false;
      await thread.terminate();
    },
  };
};
