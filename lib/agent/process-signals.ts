import type { ChildProcess } from 'node:child_process';

/** To a process, or by a negative number to its group. One that is gone, or somebody else's by now, need not be told. */
export const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
};

/** To the group that a process leads; nothing where it could not be started. */
export const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid !== undefined) sendSignal(-pid, signal);
};
