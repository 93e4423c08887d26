import { gunzipSync } from 'node:zlib';
import { printable } from '../../signals/printable.ts';
import { errorLine, whyUnreadable } from '../command.ts';
import type { CliWorld } from '../world.ts';

/** Texts of files by the name that was asked for, and a line for each file that cannot be read. */
export interface TracesRead {
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const GZIP_MAGIC = [0x1f, 0x8b];
/** A small file that unpacks to more than this is no trace. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;
const NAME_CHARACTERS_MAX = 1_000;

export const fileName = (path: string): string => printable(path, NAME_CHARACTERS_MAX);

const bytesOf = async (path: string, world: CliWorld): Promise<Buffer> => {
  const source = await world.open(path);
  const pieces: Uint8Array[] = [];
  for await (const piece of source.read(new AbortController().signal)) pieces.push(piece);
  return Buffer.concat(pieces);
};

const unpacked = (bytes: Buffer): string =>
  (GZIP_MAGIC.every((byte, index) => bytes[index] === byte)
    ? gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
    : bytes
  ).toString('utf8');

interface ReadOne {
  readonly text?: string;
  readonly problem?: string;
}

const readOne = async (path: string, advice: string, world: CliWorld): Promise<ReadOne> => {
  let bytes: Buffer;
  try {
    bytes = await bytesOf(path, world);
  } catch (error) {
    return { problem: errorLine(fileName(path), whyUnreadable(error), advice) };
  }
  try {
    return { text: unpacked(bytes) };
  } catch {
    return { problem: errorLine(fileName(path), 'it begins as gzip and cannot be unpacked', 'fetch it again') };
  }
};

/** Reads every file, packed by gzip or not, and names all that cannot be read. */
export const readTraces = async (
  files: readonly { readonly name: string; readonly path: string }[],
  advice: string,
  world: CliWorld,
): Promise<TracesRead> => {
  const texts = new Map<string, string>();
  const problems: string[] = [];
  for (const { name, path } of files) {
    const { text, problem } = await readOne(path, advice, world);
    if (problem !== undefined) problems.push(problem);
    else texts.set(name, text!);
  }
  return { texts, problems };
};
