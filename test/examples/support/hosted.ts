import { fileURLToPath } from 'node:url';
import type { TaskRunner } from '../../../lib/agent/runner.ts';
import { startHostRunner } from '../../../lib/agent/task-host-runner.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { silentLog } from './command.ts';

const AGENT = fileURLToPath(new URL('../../../bin/agent.ts', import.meta.url));

/** The agent's own way to run a task file: in a process of its own. Close it when done. */
export const hostedRunner = (taskFile: string): Promise<TaskRunner> =>
  startHostRunner({
    command: { entryPoint: AGENT, taskFile, environment: { PATH: process.env['PATH'] } },
    clock: wallClock(),
    wall: wallClock(),
    log: silentLog,
  });
