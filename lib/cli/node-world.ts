import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import picocolors from 'picocolors';
import { machineTime } from '../clock/machine-time.ts';
import { timeScaleFromEnvironment, wallClock } from '../clock/wall-clock.ts';
import { askPerson, openBytes } from './terminal-input.ts';
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

/** The world of a real terminal; what ships task files is no part of this folder. */
export const nodeWorld = ({ taskFault, loadTasks }: Pick<CliWorld, 'taskFault' | 'loadTasks'>): CliWorld => {
  endQuietlyWhenUnread(process.stdout);
  return {
    stdout: (output) => void process.stdout.write(output),
    stderr: (output) => void process.stderr.write(output),
    stdin: () => text(process.stdin),
    readFile: (path) => readFile(path, 'utf8'),
    open: openBytes,
    colour: picocolors.isColorSupported && process.stdout.isTTY,
    isWatched: process.stderr.isTTY === true,
    ask: askPerson,
    // AWS's clients take most of a start, and no help or check needs them.
    connect: async (choice) => (await import('../wiring-cli.ts')).connectService(process.env, choice),
    connectPrices: async (choice) => (await import('../wiring-cli.ts')).connectPrices(process.env, choice),
    loadTasks,
    clock: wallClock(timeScaleFromEnvironment(process.env)),
    steadyMs: machineTime.steadyMs,
    interruption: listenForTheEnd,
    taskFault,
    environment: process.env,
  };
};
