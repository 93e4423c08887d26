import { describe, expect, it } from 'vitest';
import { outputMark } from '../../lib/agent/task-host-messages.ts';
import { createOutputLog, type OutputLine, readOutput } from '../../lib/agent/task-host-output.ts';
import type { LogFields } from '../../lib/ports/telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';

const START = 1_700_000_000_000;

const reading = () => {
  const lines: OutputLine[] = [];
  const exits: number[] = [];
  const reader = readOutput('stdout', {
    onLine: (line) => void lines.push(line),
    onExit: (run) => void exits.push(run),
  });
  return { reader, lines, exits, told: () => lines.map(({ run, text }) => [run, text]) };
};

describe('what tasks print', () => {
  it('is cut into lines wherever the pipe cuts it, also in the middle of a character', () => {
    const bytes = Buffer.from(`${outputMark(3)}grün\nund ${outputMark(4)}blau\n`);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { reader, told } = reading();
      reader.add(bytes.subarray(0, cut));
      reader.add(bytes.subarray(cut));
      expect(told()).toEqual([
        [3, 'grün'],
        [4, 'und blau'],
      ]);
    }
  });

  it('belongs to no run once the mark says so', () => {
    const { reader, told } = reading();
    reader.add(Buffer.from(`${outputMark(1)}a\nb\n${outputMark(undefined)}c\n`));
    expect(told()).toEqual([
      [1, 'a'],
      [1, 'b'],
      [undefined, 'c'],
    ]);
  });

  it('ends with a last line that nobody ended, and names the run that ended the process', () => {
    const { reader, told, exits } = reading();
    reader.add(Buffer.from(`${outputMark(1)}last words${outputMark(2, true)}`));
    reader.end();
    expect(told()).toEqual([[2, 'last words']]);
    expect(exits).toEqual([2]);
  });

  it('without a line end is not kept for ever', () => {
    const { reader, lines } = reading();
    for (let chunk = 0; chunk < 1_000; chunk += 1) reader.add(Buffer.alloc(10_000, 'x'));
    reader.end();
    expect(lines).toHaveLength(1);
    expect(lines[0]!.text.length).toBeLessThanOrEqual(4_000);
  });

  it('is logged up to 200 lines in ten seconds, and what was left out is counted', async () => {
    const clock = manualClock(START);
    const logged: { readonly message: string; readonly fields: LogFields }[] = [];
    const write = (message: string, fields: LogFields = {}): void => void logged.push({ message, fields });
    const log = createOutputLog({ debug: write, info: write, warn: write, error: write }, clock);
    const line = { stream: 'stdout', text: 'again', taskId: 'a' } as const;
    for (let count = 0; count < 250; count += 1) log(line);
    expect(logged).toHaveLength(200);
    expect(logged[0]).toEqual({ message: 'task output', fields: { taskId: 'a', stream: 'stdout', line: 'again' } });
    await clock.advance(10_000);
    log(line);
    expect(logged.slice(200)).toEqual([
      { message: 'task output left out', fields: { lines: 50 } },
      { message: 'task output', fields: { taskId: 'a', stream: 'stdout', line: 'again' } },
    ]);
  });
});
