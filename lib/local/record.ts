/** The record of a run: one JSON object a line, in the order things happened. `docs/record-format.md` explains each kind. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import type { Recorder, RecordLine } from './service.ts';

export interface FileRecorder extends Recorder {
  close(): void;
}

/** Lines are gathered to this size before they are written, so that a busy front does not wait for the disk each time. */
const BUFFER_CHARACTERS = 64 * 1024;

/** Keeps every line in memory and, where a file is named, appends it there too. */
export const openRecorder = (clock: Clock, file?: string): FileRecorder => {
  const lines: RecordLine[] = [];
  const sink = file === undefined ? undefined : openSink(file);
  return {
    write: (line) => {
      const complete: RecordLine = { at: clock.now(), ...line };
      lines.push(complete);
      sink?.append(`${JSON.stringify(complete)}\n`);
    },
    lines: () => lines,
    close: () => sink?.close(),
  };
};

const openSink = (file: string) => {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'w');
  let waiting = '';
  const flush = (): void => {
    writeSync(descriptor, waiting);
    waiting = '';
  };
  return {
    append: (text: string): void => {
      waiting += text;
      if (waiting.length >= BUFFER_CHARACTERS) flush();
    },
    close: (): void => {
      flush();
      closeSync(descriptor);
    },
  };
};
