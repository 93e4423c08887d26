import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import picocolors from 'picocolors';
import { timeScaleFromEnvironment, wallClock } from '../clock/wall-clock.ts';
import type { CliWorld } from './world.ts';

/** A reader that has seen enough (`| head`) closes the pipe: the rest of the output is simply not wanted. */
const endQuietlyWhenUnread = (stream: NodeJS.WriteStream): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
};

/** What a shell shows for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** The first Ctrl-C asks for an end, the second one ends. */
const listenForTheEnd = (): AbortSignal => {
  const aborting = new AbortController();
  const onSignal = (): void => {
    if (aborting.signal.aborted) process.exit(EXIT_INTERRUPTED);
    aborting.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  process.stdout.on('error', () => aborting.abort());
  return aborting.signal;
};

/** The world of a real terminal. */
export const nodeWorld = (): CliWorld => {
  endQuietlyWhenUnread(process.stdout);
  return {
    stdout: (output) => void process.stdout.write(output),
    stderr: (output) => void process.stderr.write(output),
    stdin: () => text(process.stdin),
    readFile: (path) => readFile(path, 'utf8'),
    colour: picocolors.isColorSupported && process.stdout.isTTY,
    clock: wallClock(timeScaleFromEnvironment(process.env)),
    interruption: listenForTheEnd,
    environment: process.env,
  };
};
