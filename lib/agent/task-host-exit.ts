import type { ChildProcess } from 'node:child_process';
import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import { signalGroup } from './process-signals.ts';
import { printableReason } from './runner.ts';
import { type OutputLine, type OutputReader, readOutput } from './task-host-output.ts';

/** A process that has left the group may hold the output open for ever. */
const OUTPUT_SECONDS_MAX = 1;

/** How a host's process ended. */
export interface HostExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The line on its standard error that explains it best. */
  readonly lastWords: string;
  /** The run whose code ended it, where it is known. */
  readonly endedBy: number | undefined;
}

/** V8 says why it gives up, and then prints a stack that says nothing. */
const FATAL = /^FATAL ERROR/;

/** Keeps the line that explains an end best: V8's own, or else the last. */
const createLastWords = () => {
  let fatal: string | undefined;
  let last = '';
  return {
    hear: (text: string): void => {
      if (FATAL.test(text)) fatal ??= text;
      last = text;
    },
    get: (): string => fatal ?? last,
  };
};

const howItEnded = ({ code, signal }: HostExit): string => {
  if (signal === null) return `its process ended with code ${code}`;
  const isMemory = signal === 'SIGKILL' || signal === 'SIGABRT';
  return `its process was killed by ${signal}${isMemory ? '; out of memory?' : ''}`;
};

/** One printable line for the ledger. */
export const exitReason = (exit: HostExit): string =>
  printableReason(exit.lastWords === '' ? howItEnded(exit) : `${howItEnded(exit)}: ${exit.lastWords}`);

const exitOf = (child: ChildProcess): Promise<Pick<HostExit, 'code' | 'signal'>> =>
  new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

const eventOf = (child: ChildProcess, event: 'close' | 'disconnect'): Promise<void> =>
  new Promise((resolve) => {
    child.once(event, () => resolve());
  });

export interface HostStreams {
  readonly child: ChildProcess;
  /** Real time. */
  readonly wall: Clock;
  onLine(line: OutputLine): void;
}

/** Reads what a host prints, and resolves with its end once everything it said has been heard. Whatever it started ends too. */
export const watchExit = async ({ child, wall, onLine }: HostStreams): Promise<HostExit> => {
  const lastWords = createLastWords();
  let endedBy: number | undefined;
  const hear = (stream: OutputLine['stream']): OutputReader => {
    const reader = readOutput(stream, {
      onLine: (line) => {
        if (stream === 'stderr') lastWords.hear(line.text);
        onLine(line);
      },
      onExit: (run) => {
        endedBy = run;
      },
    });
    child[stream]?.on('data', reader.add);
    return reader;
  };
  const readers = [hear('stdout'), hear('stderr')];
  const heard = Promise.all([eventOf(child, 'close'), eventOf(child, 'disconnect')]);
  const exit = await exitOf(child);
  signalGroup(child, 'SIGKILL');
  await Promise.race([heard, wall.sleep(secondsToMs(OUTPUT_SECONDS_MAX))]);
  for (const reader of readers) reader.end();
  return { ...exit, lastWords: lastWords.get(), endedBy };
};
