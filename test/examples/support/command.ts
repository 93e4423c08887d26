import { spawnSync } from 'node:child_process';
import { scheduler } from 'node:timers/promises';
import { execRunner } from '../../../lib/agent/exec-runner.ts';
import type { TaskRunner } from '../../../lib/agent/runner.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import type { Log } from '../../../lib/ports/telemetry.ts';

const silence = (): void => undefined;
export const silentLog: Log = { debug: silence, info: silence, warn: silence, error: silence };

/** The agent's own way to run a command, in its own kind of environment. */
export const commandRunner = (command: string, environment: Record<string, string> = {}): TaskRunner =>
  execRunner({
    command,
    environment: { PATH: process.env['PATH'], ...environment },
    fleet: 'examples',
    log: silentLog,
    clock: wallClock(),
    wall: wallClock(),
  });

/** Spothop needs no Python; the examples in it are run where it is there, and named as not applicable elsewhere. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;

export const inPython = (what: string): string =>
  hasPython ? what : `${what}: not applicable here, for there is no python3 on the PATH`;

/** For what another process does, which tells nobody when it has. */
export const eventually = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await scheduler.wait(10);
};
