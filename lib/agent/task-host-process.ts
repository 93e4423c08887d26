import { type ChildProcess, spawn } from 'node:child_process';
import { HOST_ARGUMENT } from './task-host-messages.ts';

/**
 * The host leads a process group of its own, so that whatever its tasks start ends with it. Beside it waits a guard that
 * reads from a pipe only the agent holds: should the agent die while a task keeps the host from noticing, the pipe ends
 * and the guard kills the group. It ignores SIGTERM and SIGINT, which are not meant for it.
 */
const SHELL_SCRIPT = `
(trap '' TERM INT HUP; read -r _ <&4; kill -s KILL 0) >/dev/null 2>&1 </dev/null 3<&- &
exec 4<&-
exec "$@"
`;

export interface HostCommand {
  /** The agent's own program: its bundle, or `bin/agent.ts`. */
  readonly entryPoint: string;
  readonly taskFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Options of Node, such as a limit of memory. */
  readonly execArgv?: readonly string[];
}

/** Starts the process; its messages come as JSON over a channel of Node's own. */
export const spawnHost = ({ entryPoint, taskFile, environment, execArgv = [] }: HostCommand): ChildProcess => {
  const command = [process.execPath, ...execArgv, entryPoint, HOST_ARGUMENT, taskFile];
  const child = spawn('/bin/sh', ['-c', SHELL_SCRIPT, 'sh', ...command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    env: { ...environment },
    serialization: 'json',
  });
  child.stdio[4]?.on('error', () => undefined);
  return child;
};
