import { readdirSync, readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat after the name in parentheses, which may itself contain anything. */
const statOf = (pid: number): readonly string[] => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
};

const PARENT_FIELD = 1;
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;
/** Linux counts processor time in hundredths of a second for user space, whatever its own tick is (proc(5), sysconf). */
const TICKS_PER_SECOND = 100;

/** The process and all that it started, as far as they live. */
export const familyOf = (pid: number): number[] => {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(pids.map((each) => [each, Number(statOf(each)[PARENT_FIELD])]));
  const family = [pid];
  for (const member of family) family.push(...pids.filter((each) => parents.get(each) === member));
  return family;
};

/** Resident memory of the whole family, in KiB. */
export const residentKib = (pid: number): number =>
  familyOf(pid).reduce((total, member) => {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readStatus(member));
    return total + Number(line?.[1] ?? 0);
  }, 0);

const readStatus = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
};

/** Processor seconds that the whole family has used. */
export const processorSeconds = (pid: number): number =>
  familyOf(pid).reduce((total, member) => {
    const fields = statOf(member);
    const ticks = Number(fields[USER_TICKS_FIELD] ?? 0) + Number(fields[SYSTEM_TICKS_FIELD] ?? 0);
    return total + ticks / TICKS_PER_SECOND;
  }, 0);
