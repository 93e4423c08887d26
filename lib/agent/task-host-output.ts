import { StringDecoder } from 'node:string_decoder';
import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { OUTPUT_MARKS } from './task-host-messages.ts';

const LINE_CHARACTERS_MAX = 1_000;
/** Whoever prints more than this fills the machine's disk with it. */
const LINES_MAX = 200;
const WINDOW_SECONDS = 10;

/** One line that a task printed. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  /** The run that printed it, where it is known. */
  readonly run: number | undefined;
  readonly text: string;
}

export interface OutputReader {
  add(chunk: Buffer): void;
  /** Passes on a last line that nobody ended. */
  end(): void;
}

export interface OutputListeners {
  onLine(line: OutputLine): void;
  /** The code of this run is ending the process. */
  onExit(run: number): void;
}

/** Cuts a host's output into lines, and tells of each the run that printed it. */
export const readOutput = (stream: OutputLine['stream'], { onLine, onExit }: OutputListeners): OutputReader => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let run: number | undefined;

  const readMarks = (line: string): string =>
    line.replaceAll(OUTPUT_MARKS, (_mark, number: string, exit: string) => {
      run = number === '' ? undefined : Number(number);
      if (exit !== '' && run !== undefined) onExit(run);
      return '';
    });

  const pass = (line: string): void => {
    const text = readMarks(line).trimEnd();
    if (text !== '') onLine({ stream, run, text });
  };

  return {
    add: (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = (lines.pop() ?? '').slice(-LINE_CHARACTERS_MAX * 4);
      for (const line of lines) pass(line);
    },
    end: () => pass(rest),
  };
};

/** At most so many lines a window; what is left out is counted. */
export const createOutputLog = (log: Log, clock: Clock) => {
  let windowEndsAt = 0;
  let count = 0;
  let leftOut = 0;

  const open = (now: number): void => {
    if (leftOut > 0) log.warn('task output left out', { lines: leftOut });
    windowEndsAt = now + secondsToMs(WINDOW_SECONDS);
    count = 0;
    leftOut = 0;
  };

  return ({ stream, text, taskId }: Omit<OutputLine, 'run'> & { readonly taskId: string | undefined }): void => {
    const now = clock.now();
    if (now >= windowEndsAt) open(now);
    count += 1;
    if (count > LINES_MAX) leftOut += 1;
    else {
      const line = text.slice(0, LINE_CHARACTERS_MAX).toWellFormed();
      log.info('task output', { taskId, stream, line });
    }
  };
};

export type OutputLog = ReturnType<typeof createOutputLog>;
