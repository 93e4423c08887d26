import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { signalGroup } from './process-signals.ts';

/**
 * The command leads a process group of its own, so that whatever it starts ends with it. Beside it waits a guard that
 * reads from a pipe only the agent holds: should the agent die, the pipe ends, and the guard removes the run's private
 * folder and kills the group. The guard ignores SIGTERM, which is meant for the command.
 *
 * Workers are the kernel's preferred victims when memory runs out, not the agent that has to hand their tasks back.
 *
 * Some shells stay in front of the one program that they are given, and would die of the SIGTERM that it handles: they
 * are told to become it, unless the name is one of their own commands.
 */
const SHELL_SCRIPT = `
(trap '' TERM INT HUP; read -r _ <&3; rm -rf -- "$2"; kill -s KILL 0) >/dev/null 2>&1 </dev/null &
exec 3<&-
{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null
case $(command -v "$3") in */*) exec /bin/sh -c "exec $1" ;; esac
exec /bin/sh -c "$1"
`;

/** What joins several commands, or runs one inside another. */
const COMPOUND = /[;&|(){}`\n]/;
const FIRST_WORD = /^(?:'([^']+)'|"([^"$\\]+)"|([\w./+-]+))(?:\s|$)/;

/** The program of a line that runs only one; empty for anything else. */
const onlyProgramOf = (command: string): string => {
  if (COMPOUND.test(command)) return '';
  const [, single, double, plain] = FIRST_WORD.exec(command) ?? [];
  return single ?? double ?? plain ?? '';
};

export interface GroupOptions {
  readonly command: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Removed by the guard should the agent die; the agent removes it otherwise. */
  readonly folder: string;
  /** Standard input, output and error. */
  readonly streams: readonly ['pipe' | 'ignore', 'pipe' | number, 'pipe' | number];
}

/** How the leader of a group ended. */
export interface GroupExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command with everything it starts, as long as that stays in its process group. */
export interface ProcessGroup {
  readonly leader: ChildProcess;
  /** @throws the system's error when the command could not be started */
  readonly exited: Promise<GroupExit>;
  /** To the whole group; nothing once it is over. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL was sent while its leader lived. */
  wasKilled(): boolean;
  /** Kills what is left. Its number may be given to another group from now on, so nothing is signalled any more. */
  end(): void;
}

const exitOf = (leader: ChildProcess): Promise<GroupExit> =>
  new Promise((resolve, reject) => {
    leader.once('error', reject);
    leader.once('exit', (code, signal) => resolve({ code, signal }));
  });

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

export const startGroup = ({ command, environment, folder, streams }: GroupOptions): ProcessGroup => {
  const options: SpawnOptions = { detached: true, stdio: [...streams, 'pipe'], env: { ...environment } };
  const leader = spawn('/bin/sh', ['-c', SHELL_SCRIPT, 'sh', command, folder, onlyProgramOf(command)], options);
  const guardPipe = leader.stdio[3];
  // The far end goes with the group.
  guardPipe?.on('error', () => undefined);
  let isOver = false;
  let wasKilled = false;
  return {
    leader,
    exited: exitOf(leader),
    signal: (signal) => {
      if (isOver) return;
      if (signal === 'SIGKILL' && !hasExited(leader)) wasKilled = true;
      signalGroup(leader, signal);
    },
    wasKilled: () => wasKilled,
    end: () => {
      if (isOver) return;
      isOver = true;
      signalGroup(leader, 'SIGKILL');
      guardPipe?.destroy();
    },
  };
};
