import { existsSync, readFileSync } from 'node:fs';
import { execRunner } from '../../../lib/agent/exec-runner.ts';
import type { RunnerContext, RunnerOutcome } from '../../../lib/agent/runner.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { taskId } from '../../../lib/fleet/ids.ts';
import type { LogFields } from '../../../lib/ports/telemetry.ts';

export const clock = wallClock();

/** A log that a test reads. */
export const keptLog = () => {
  const lines: { readonly message: string; readonly fields: LogFields }[] = [];
  const write = (message: string, fields: LogFields = {}): void => void lines.push({ message, fields });
  return { lines, debug: write, info: write, warn: write, error: write };
};

export const aContext = (changes: Partial<RunnerContext> = {}): RunnerContext => ({
  taskId: taskId('task-1'),
  attempt: 7,
  input: '{"n":1}',
  resume: undefined,
  signal: new AbortController().signal,
  killSignal: new AbortController().signal,
  deadline: () => undefined,
  noticeSignal: new AbortController().signal,
  checkpoint: async () => undefined,
  commit: async () => undefined,
  progress: () => undefined,
  ...changes,
});

export interface RunChanges extends Partial<RunnerContext> {
  readonly stateFolder?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: ReturnType<typeof keptLog>;
}

/** Runs one command as a task, by the real runner in real processes. */
export const runCommand = (command: string, changes: RunChanges = {}): Promise<RunnerOutcome> => {
  const { stateFolder, environment, log, ...context } = changes;
  return execRunner({
    command,
    environment: environment ?? { PATH: process.env['PATH'] },
    fleet: 'index',
    clock,
    wall: clock,
    log: log ?? keptLog(),
    ...(stateFolder === undefined ? {} : { stateFolder }),
  }).run(aContext(context));
};

/** Waits for what another process does; looks often, and gives up after ten seconds. */
export const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (let look = 0; look < 1_000; look += 1) {
    if (condition()) return;
    await clock.sleep(10);
  }
  throw new Error(`It did not come to that: ${what}`);
};

/** The command says on a file, with a whole line, when it is ready for what the test does next. */
export const textOf = async (path: string): Promise<string> => {
  const read = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await until(`${path} is written`, () => read().endsWith('\n'));
  return read().trim();
};

/** A zombie is dead: only its parent has not asked yet. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

export const untilDead = (pid: number): Promise<void> => until(`${pid} is dead`, () => !isAlive(pid));
