import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** A process as the kernel shows it, where it does: on Linux. */
export interface ProcessView {
  childrenOf(pid: number): readonly number[];
  /** `caught` and `ignored` by the process itself; `default` ends it. `undefined` when it cannot be seen. */
  onTerminate(pid: number): 'caught' | 'ignored' | 'default' | undefined;
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const TERMINATE_BIT = 1n << BigInt(constants.signals.SIGTERM - 1);

/** The masks `SigCgt` and `SigIgn` (proc_pid_status(5)). */
const hasBit = (status: string, mask: string): boolean => {
  const digits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return digits !== undefined && (BigInt(`0x${digits}`) & TERMINATE_BIT) !== 0n;
};

export const linuxProcesses: ProcessView = {
  childrenOf: (pid) => (textOf(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  onTerminate: (pid) => {
    const status = textOf(`/proc/${pid}/status`);
    if (status === undefined) return undefined;
    if (hasBit(status, 'SigCgt')) return 'caught';
    return hasBit(status, 'SigIgn') ? 'ignored' : 'default';
  },
};

const catchersBelow = (processes: ProcessView, pid: number): readonly number[] => {
  const reaction = processes.onTerminate(pid);
  if (reaction === 'caught') return [pid];
  return reaction === 'default' ? processes.childrenOf(pid).flatMap((child) => catchersBelow(processes, child)) : [];
};

/**
 * Who takes a SIGTERM meant for the program that `leader` leads: itself, unless it would only die of it and something
 * below it would not. A shell that stands in front of the program is such a leader: `cd /srv && prefect worker start`
 * stays one in some shells. Processes below a catcher are its own to end.
 */
export const receiversOf = (processes: ProcessView, leader: number): readonly number[] => {
  const catchers = catchersBelow(processes, leader);
  return catchers.length > 0 ? catchers : [leader];
};
