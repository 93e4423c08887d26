import { type BigIntStats, constants, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

/** A file that a command has put where the agent looks for it. What it holds is taken as it was at one instant. */
export type WorkerFile = {
  /** Removes it if it is still the file that was read; a newer one stays. */
  remove(): void;
  close(): Promise<void>;
} & ({ readonly text: string } | { readonly refusal: string });

type Contents = { readonly text: string } | { readonly refusal: string };

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

const isSame = (one: BigIntStats, other: BigIntStats): boolean =>
  one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;

const statOf = (path: string): Promise<BigIntStats | undefined> =>
  lstat(path, { bigint: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });

/** Why this must not even be opened: a link may lead anywhere, a pipe would keep us waiting. */
const refusalOf = (stats: BigIntStats, bytesMax: number): string | undefined => {
  if (stats.isSymbolicLink()) return 'it is a symbolic link';
  if (stats.isDirectory()) return 'it is a directory';
  if (!stats.isFile()) return 'it is not a regular file';
  if (stats.uid !== BigInt(process.geteuid?.() ?? stats.uid)) return 'it belongs to another user';
  return stats.size > bytesMax ? `it is larger than ${bytesMax} bytes` : undefined;
};

/** Written again between our look and the removal, the newer one is put back, unless an even newer one is there. */
const putBack = (aside: string, path: string): void => {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
};

const removeIfSame = (path: string, read: BigIntStats): void => {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || !isSame(found, read)) return;
  const aside = `${path}.taken`;
  renameSync(path, aside);
  if (!isSame(lstatSync(aside, { bigint: true }), read)) putBack(aside, path);
  rmSync(aside, { recursive: true, force: true });
};

const readWhole = async (handle: FileHandle, bytes: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

/** What a worker has left as text: bytes that are none would be changed in silence. */
export const decodeText = (bytes: Buffer): Contents => {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { refusal: 'it is not UTF-8 text; encode other data, such as in base64' };
  }
};

/** `undefined` while it is being written, or when another has taken its place: the next look will tell. */
const readFrom = async (handle: FileHandle, seen: BigIntStats): Promise<Contents | undefined> => {
  if (!isSame(await handle.stat({ bigint: true }), seen)) return undefined;
  const bytes = await readWhole(handle, Number(seen.size));
  return isSame(await handle.stat({ bigint: true }), seen) ? decodeText(bytes) : undefined;
};

const openSafely = async (path: string): Promise<FileHandle | { readonly refusal: string } | undefined> => {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' ? undefined : { refusal: `it cannot be read (${code})` };
  }
};

/**
 * Reads what a command has left at `path`, following no link and waiting for nobody. `undefined` when there is nothing,
 * or nothing whole yet. The file stays open until it is closed, so that no other can take its number and pass for it.
 */
export const readWorkerFile = async (path: string, bytesMax: number): Promise<WorkerFile | undefined> => {
  const seen = await statOf(path);
  if (seen === undefined) return undefined;
  const remove = (): void => removeIfSame(path, seen);
  const refusal = refusalOf(seen, bytesMax);
  const close = async (): Promise<void> => undefined;
  if (refusal !== undefined) return { refusal, remove, close };
  const handle = await openSafely(path);
  if (handle === undefined) return undefined;
  if ('refusal' in handle) return { ...handle, remove, close };
  const contents = await readFrom(handle, seen);
  if (contents !== undefined) return { ...contents, remove, close: () => handle.close() };
  await handle.close();
  return undefined;
};
