/**
 * Machines' processes. Each runs in a process group of its own, and the whole group ends with it. A guard process
 * kills the groups when this process dies without closing, so that nothing is left behind even after SIGKILL.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ProcessSpecification {
  readonly executable: string;
  readonly arguments: readonly string[];
  /** The whole environment: nothing of this process's own is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Receives standard output and error, appended. */
  readonly logPath: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface MachineProcess {
  readonly pid: number;
  /** Resolves once the process is gone and its group has been killed. */
  readonly ended: Promise<ProcessEnd>;
  /** SIGTERM to the process alone: it decides what its children are told. */
  terminate(): void;
  /** SIGKILL to the whole group. */
  kill(): void;
}

export interface ProcessHost {
  start(specification: ProcessSpecification): MachineProcess;
  /** Kills every group that is left. */
  close(): Promise<void>;
}

/** A group that is gone already is what was wanted. */
const signalQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const GUARD_SCRIPT = `
held=" "
while read -r verb group; do
  case "$verb" in
    hold) held="$held$group " ;;
    drop) held="\${held%% $group *} \${held#* $group }" ;;
  esac
done
for group in $held; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

interface Guard {
  hold(pid: number): void;
  drop(pid: number): void;
  close(): Promise<void>;
}

/** Reads group ids from a pipe whose other end only this process holds: the pipe's end is this process's end. */
const startGuard = (): Guard => {
  const guard = spawn('/bin/sh', ['-c', GUARD_SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve());
    guard.once('error', () => resolve());
  });
  // A guard that cannot be written to is a guard that is gone; close() kills the groups in any case.
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    hold: (pid) => guard.stdin.write(`hold ${pid}\n`),
    drop: (pid) => guard.stdin.write(`drop ${pid}\n`),
    close: async () => {
      guard.ref();
      guard.stdin.end();
      await gone;
    },
  };
};

const spawnLogged = (specification: ProcessSpecification): ChildProcess => {
  mkdirSync(dirname(specification.logPath), { recursive: true });
  const log = openSync(specification.logPath, 'a');
  try {
    return spawn(specification.executable, specification.arguments, {
      cwd: specification.folder,
      env: specification.environment,
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
};

/** What a shell answers for a program that cannot be started. */
const CANNOT_START: ProcessEnd = { code: 127, signal: null };

const endOf = (child: ChildProcess, release: () => void): Promise<ProcessEnd> =>
  new Promise((resolve) => {
    child.once('error', () => child.pid === undefined && resolve(CANNOT_START));
    child.once('exit', (code, signal) => {
      signalQuietly(-child.pid!, 'SIGKILL');
      release();
      resolve({ code, signal });
    });
  });

export const createProcessHost = (): ProcessHost => {
  const running = new Map<number, MachineProcess>();
  let guard: Guard | undefined;
  const start = (specification: ProcessSpecification): MachineProcess => {
    guard ??= startGuard();
    const child = spawnLogged(specification);
    const pid = child.pid ?? 0;
    const ended = endOf(child, () => {
      running.delete(pid);
      guard?.drop(pid);
    });
    const isRunning = () => running.has(pid);
    const machineProcess: MachineProcess = {
      pid,
      ended,
      terminate: () => isRunning() && signalQuietly(pid, 'SIGTERM'),
      kill: () => isRunning() && signalQuietly(-pid, 'SIGKILL'),
    };
    if (pid === 0) return machineProcess;
    guard.hold(pid);
    running.set(pid, machineProcess);
    return machineProcess;
  };
  return {
    start,
    close: async () => {
      const left = [...running.values()];
      for (const one of left) one.kill();
      await Promise.all(left.map((one) => one.ended));
      await guard?.close();
      guard = undefined;
    },
  };
};
