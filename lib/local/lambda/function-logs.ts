/**
 * What functions print, one file a function: `logs/<function>.log` in the state folder.
 *
 * Not modelled: CloudWatch Logs, log groups and their retention, structured log levels.
 */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

export interface FunctionLogs {
  print(functionName: string, output: string): void;
  /** Resolves when everything printed is on disk. */
  close(): Promise<void>;
}

export const functionLogs = (stateFolder: string): FunctionLogs => {
  const folder = join(stateFolder, 'logs');
  const streams = new Map<string, WriteStream>();
  let closed = false;

  const streamOf = (functionName: string): WriteStream => {
    const known = streams.get(functionName);
    if (known !== undefined) return known;
    mkdirSync(folder, { recursive: true });
    const stream = createWriteStream(join(folder, `${functionName}.log`), { flags: 'a' });
    streams.set(functionName, stream);
    return stream;
  };

  return {
    print: (functionName, output) => {
      if (!closed) streamOf(functionName).write(output);
    },
    close: async () => {
      closed = true;
      await Promise.all([...streams.values()].map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
    },
  };
};
