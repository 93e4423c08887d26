import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { ByteSource } from './world.ts';

/** A stream that is closed from here while somebody waits for its next piece simply ends. */
async function* untilAborted(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const close = (): void => void stream.destroy();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) close();
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** A file, a pipe under a file's name, or standard input for `-`. Rejects as `node:fs` does. */
export const openBytes = async (path: string): Promise<ByteSource> => {
  if (path === '-') return { isRepeatable: false, read: (signal) => untilAborted(process.stdin, signal) };
  await access(path, constants.R_OK);
  const found = await stat(path);
  if (found.isDirectory()) throw Object.assign(new Error('It is a directory.'), { code: 'EISDIR' });
  return { isRepeatable: found.isFile(), read: (signal) => untilAborted(createReadStream(path), signal) };
};

/** What a person types in answer, nothing on Ctrl-C; `undefined` where no person is there. */
export const askPerson = async (question: string): Promise<string | undefined> => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const givingUp = new AbortController();
  terminal.once('SIGINT', () => givingUp.abort());
  try {
    return await terminal.question(question, { signal: givingUp.signal });
  } catch (error) {
    if (givingUp.signal.aborted) return '';
    throw error;
  } finally {
    terminal.close();
  }
};
