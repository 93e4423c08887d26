import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type InstanceId, type SessionId, sessionId } from '../fleet/ids.ts';
import type { Log } from '../ports/telemetry.ts';
import type { MachineState } from './machine-state.ts';

/** Cleared by every boot, and writable by whoever runs services: what a reboot ends is not gone on with. */
export const STATE_FOLDER_DEFAULT = '/run/spothop';

interface StateOptions {
  readonly folder: string;
  readonly log: Log;
}

const ONLY_US = { file: 0o600, folder: 0o700 };

const sessionFile = (folder: string, id: InstanceId): string => join(folder, `session-${id}.json`);

/**
 * A socket that somebody listens on cannot be listened on again, and the kernel closes it with the process, SIGKILL
 * included. Linux has names for sockets that are no files, so none is left behind; elsewhere it is a file of the folder.
 */
const lockName = (folder: string, id: InstanceId): string => {
  if (process.platform !== 'linux') return `${sessionFile(folder, id)}.sock`;
  return `\0spothop-agent-${createHash('sha256').update(`${folder}\n${id}`).digest('hex').slice(0, 32)}`;
};

type Listening = 'listening' | 'taken';

const listen = (name: string): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve('taken') : reject(error),
    );
    server.listen(name, () => {
      // The lock lasts as long as the process and does not make it last.
      server.unref();
      resolve('listening');
    });
  });

/** Whether somebody answers: a socket file outlives its process, and then nobody does. */
const isAnswered = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(name);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

const takeLock = async (folder: string, name: string): Promise<boolean> => {
  // On Linux the lock needs no folder; elsewhere listening says what is wrong with it.
  await mkdir(folder, { recursive: true, mode: ONLY_US.folder }).catch(() => undefined);
  if ((await listen(name)) === 'listening') return true;
  if (name.startsWith('\0') || (await isAnswered(name))) return false;
  await unlink(name);
  return (await listen(name)) === 'listening';
};

const parseSession = (text: string): SessionId | undefined => {
  const { session } = JSON.parse(text) as { readonly session?: unknown };
  return typeof session === 'string' && session !== '' ? sessionId(session) : undefined;
};

const readSession = async ({ folder, log }: StateOptions, id: InstanceId): Promise<SessionId | undefined> => {
  try {
    return parseSession(await readFile(sessionFile(folder, id), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn('the session kept on this machine cannot be read', { error: String(error) });
    }
    return undefined;
  }
};

/** Written aside and renamed: a process that ends in the middle leaves the whole file of before. */
const keepSession = async ({ folder, log }: StateOptions, id: InstanceId, session: SessionId): Promise<void> => {
  const path = sessionFile(folder, id);
  try {
    await mkdir(folder, { recursive: true, mode: ONLY_US.folder });
    await writeFile(`${path}.new`, JSON.stringify({ session }), { mode: ONLY_US.file });
    await rename(`${path}.new`, path);
  } catch (error) {
    log.warn('the session cannot be kept: an agent started again here will be refused; set SPOTHOP_STATE_DIR', {
      folder,
      error: String(error),
    });
  }
};

/** The machine's state in a folder of its own. One that cannot be written costs the agent its memory, not its work. */
export const folderMachineState = (options: StateOptions): MachineState => ({
  takeLock: async (id) => {
    try {
      return await takeLock(options.folder, lockName(options.folder, id));
    } catch (error) {
      options.log.warn('no lock can be had on this machine; its item alone keeps a second agent off', {
        error: String(error),
      });
      return true;
    }
  },
  readSession: (id) => readSession(options, id),
  keepSession: (id, session) => keepSession(options, id, session),
});
