import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunnerContext, TaskRunner } from '../../../lib/agent/runner.ts';
import { startHostRunner } from '../../../lib/agent/task-host-runner.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { taskId } from '../../../lib/fleet/ids.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { LogFields } from '../../../lib/ports/telemetry.ts';

/** The agent's own program, from its sources. */
export const ENTRY_POINT = fileURLToPath(new URL('../../../bin/agent.ts', import.meta.url));

const realTime = wallClock();

const LOAD_MS_MAX = 60_000;

/** How long a process takes to load depends on the machine that tests run on. */
const patientlyLoading = (hurried: Clock): Clock => ({
  ...hurried,
  sleep: (ms, signal) => (ms >= LOAD_MS_MAX ? realTime : hurried).sleep(ms, signal),
});

/** Looks again and again, in real time, until something has come about. */
export const until = async (condition: () => boolean): Promise<void> => {
  for (let look = 0; look < 1_000; look += 1) {
    if (condition()) return;
    await realTime.sleep(10);
  }
  throw new Error('It did not come to that.');
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that has ended and was not waited for yet does nothing any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** A run of one task as the agent would start it, with what it told and what it was told. */
export const aRun = (body: unknown, changes: Partial<RunnerContext> = {}) => {
  const [stop, kill, notice] = [new AbortController(), new AbortController(), new AbortController()];
  const written: string[] = [];
  const context: RunnerContext = {
    taskId: taskId(`task-${JSON.stringify(body).replaceAll(' ', '_')}`),
    attempt: 1,
    input: JSON.stringify(body),
    resume: undefined,
    signal: stop.signal,
    killSignal: kill.signal,
    noticeSignal: notice.signal,
    deadline: () => undefined,
    checkpoint: async (text) => void written.push(text),
    commit: async (text) => void written.push(`commit ${text}`),
    progress: (report) => void written.push(`progress ${JSON.stringify(report)}`),
    ...changes,
  };
  return { context, stop, kill, notice, written };
};

export interface HostedOptions {
  readonly execArgv?: readonly string[];
  /** How much faster than real time the agent's patience passes, but for the minute that a process may take to load. */
  readonly hurry?: number;
  readonly entryPoint?: string;
}

/** Task files in a folder of their own, without any `node_modules` above it, run by real processes. */
export const createHosted = () => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-hosted-'));
  const lines: { readonly message: string; readonly fields: LogFields }[] = [];
  const runners: TaskRunner[] = [];
  const write = (message: string, fields: LogFields = {}): void => void lines.push({ message, fields });
  const log = { debug: write, info: write, warn: write, error: write };
  const writeFile = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    folder,
    lines,
    writeFile,
    /** `source` is the module after the import of everything that `spothop` has. */
    start: async (source: string, { execArgv = [], hurry = 1, entryPoint = ENTRY_POINT }: HostedOptions = {}) => {
      const text = `import { defineTask, runBatch, HandBack, PermanentFailure, StaleAttempt } from 'spothop';\n${source}`;
      const command = { entryPoint, taskFile: writeFile('task.ts', text), environment: process.env, execArgv };
      const clock = wallClock({ timeFactor: hurry, originMs: 0 });
      const runner = await startHostRunner({ command, clock, wall: patientlyLoading(clock), log });
      runners.push(runner);
      return runner;
    },
    /** What the tasks have printed. */
    output: () => lines.filter(({ message }) => message === 'task output').map(({ fields }) => fields),
    close: async (): Promise<void> => {
      for (const runner of runners) await runner.close?.();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Hosted = ReturnType<typeof createHosted>;
