import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';

/** How long to wait between two looks at a lock that somebody else holds. */
const LOOK_MS = 200;

const HOLDER = 'holder';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** A lock whose holder is gone, by whatever way, is nobody's. */
const isAbandoned = (lock: string): boolean => {
  try {
    return !isAlive(Number(readFileSync(join(lock, HOLDER), 'utf8')));
  } catch {
    return false;
  }
};

/** A folder appears under its name at once and whole, or not at all. */
const tryToTake = (lock: string): boolean => {
  const mine = `${lock}-${process.pid}`;
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, HOLDER), String(process.pid));
  try {
    renameSync(mine, lock);
    return true;
  } catch {
    rmSync(mine, { recursive: true, force: true });
    return false;
  }
};

/**
 * Does one thing while no other process of this project does it: `serverless deploy` builds in folders of the project,
 * so two of them at once would spoil each other's bundles.
 */
export const withDeployLock = async <Result>(
  folder: string,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> => {
  const lock = join(folder, 'deploying');
  while (!tryToTake(lock)) {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
    await clock.sleep(LOOK_MS, signal);
    signal.throwIfAborted();
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
};
