import { renameSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Log } from '../ports/telemetry.ts';

/**
 * Tells the dead-man's timer (deploy/dead-man.ts) that this agent lives: called after every heartbeat that was answered
 * with a readable item.
 */
export type TellAlive = () => void;

/** The folder is made with the agent's unit; where it is missing there is no timer to tell. */
const isMissingFolder = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 'ENOENT';

/**
 * Writes the machine's uptime, in whole seconds, into the file: unlike a date it cannot be set, and counts on while the
 * machine is suspended. It is put in place whole, for the timer must never find half of it.
 */
export const aliveFile = (path: string, log: Log, uptimeSeconds: () => number = uptime): TellAlive => {
  let hasComplained = false;
  return () => {
    try {
      writeFileSync(`${path}.new`, `${Math.floor(uptimeSeconds())}\n`);
      renameSync(`${path}.new`, path);
    } catch (error) {
      if (hasComplained || isMissingFolder(error)) return;
      hasComplained = true;
      log.error('the dead-man’s timer cannot be told that this agent lives, and will power its machine off', {
        path,
        error: String(error),
      });
    }
  };
};
