import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../../lib/cli/start/command-line.ts';
import { type StartOptions, secondsOf } from '../../../lib/cli/start/options.ts';
import { auditCommand, recordFileOf } from '../../../lib/cli/start/record-file.ts';

const optionsOf = (...words: readonly string[]): StartOptions => {
  const read = readCommandLine(words);
  if ('problems' in read) throw new Error(read.problems.join('; '));
  return read.options;
};

const problemsOf = (...words: readonly string[]): readonly string[] => {
  const read = readCommandLine(words);
  return 'problems' in read ? read.problems : [];
};

describe('the command line of the main job', () => {
  it('has a default for everything', () => {
    expect(optionsOf()).toEqual({
      json: false,
      tasks: 300,
      instances: 6,
      concurrency: 1,
      seed: 20_260_101,
      timeFactor: 10,
      script: true,
    });
  });

  it('takes every flag', () => {
    const words = '--json --tasks 20000 --instances 50 --seconds 3600 --seed 4294967295 --no-script'.split(' ');
    expect(optionsOf(...words, '--exec', 'python3 worker.py')).toEqual({
      json: true,
      tasks: 20_000,
      instances: 50,
      concurrency: 1,
      seconds: 3_600,
      seed: 4_294_967_295,
      timeFactor: 10,
      script: false,
      exec: 'python3 worker.py',
    });
  });

  it("takes everything that a worker of the user's own needs", () => {
    const file = fileURLToPath(import.meta.url);
    const words = ['--task', file, '--input', file, '--id-path', 'order.id', '--concurrency', '4'];
    expect(optionsOf(...words)).toMatchObject({ task: file, input: file, idPath: 'order.id', concurrency: 4 });
  });

  it('refuses what does not go together, and files that are not there, all at once', () => {
    const words = ['--task', '/nowhere/a.ts', '--exec', 'cat', '--input', '/nowhere/b', '--tasks', '3'];
    expect(problemsOf(...words, '--concurrency', '101')).toEqual([
      '--concurrency 101 is not a whole number from 1 to 100',
      'give --task or --exec, not both',
      '--tasks counts tasks of the demonstration; --input has its own',
      '--task /nowhere/a.ts cannot be read: there is no such file; check the path and its permissions',
      '--input /nowhere/b cannot be read: there is no such file; check the path and its permissions',
    ]);
  });

  it('refuses an input without a worker for it, an id path without an input, and a task that is no program', () => {
    expect(problemsOf('--input', fileURLToPath(import.meta.url))).toEqual([
      '--input needs a worker that takes it: --task FILE or --exec CMD',
    ]);
    expect(problemsOf('--id-path', 'id')).toEqual(['--id-path is for the tasks of --input']);
    expect(problemsOf('--task', 'worker.py')).toEqual([
      '--task worker.py is no TypeScript or JavaScript file; --exec runs any command',
    ]);
  });

  it('refuses a file of results that cannot be written, before anything runs', () => {
    expect(problemsOf('--results', '/nowhere/results.ndjson')).toEqual([
      '--results /nowhere/results.ndjson cannot be written: its folder is not there; make it first',
    ]);
  });

  it('shows everything that is wrong at once', () => {
    expect(problemsOf('--tasks', '0', '--seed', '1.5', '--speed', 'more', '--exec', ' ')).toEqual([
      '--tasks 0 is not a whole number from 1 to 20000',
      '--seed 1.5 is not a whole number from 0 to 4294967295',
      'there is no option --speed',
      'more is one word too many',
      '--exec has no command',
    ]);
  });

  it.each(['', 'x', '-1', '1e3', '0x10', ' 5', '51', '99999999999999999999'])('refuses %j machines', (text) => {
    expect(problemsOf(`--instances=${text}`)).toHaveLength(1);
  });

  it('refuses a record folder that cannot be one, before anything runs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spothop-command-line-'));
    writeFileSync(join(folder, 'file'), '');
    expect(problemsOf('--record', join(folder, 'file'))[0]).toContain(
      'cannot be made a folder: there is a file of this name; name another place',
    );
    rmSync(folder, { recursive: true });
  });

  it('writes the record into the folder of the run, into a folder that is named, or into a file of lines', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spothop-command-line-'));
    expect(recordFileOf(optionsOf().record, 'run')).toBe('run/record.jsonl');
    expect(recordFileOf(optionsOf('--record').record, 'run')).toBe('run/record.jsonl');
    expect(optionsOf('--record', '--json')).toMatchObject({ record: true, json: true });
    const deep = join(folder, 'deep');
    expect(recordFileOf(optionsOf('--record', deep).record, 'run')).toBe(join(deep, 'record.jsonl'));
    expect(existsSync(deep)).toBe(true);
    const file = join(folder, 'of-mine', 'run.jsonl');
    expect(recordFileOf(optionsOf('--record', file).record, 'run')).toBe(file);
    expect(existsSync(join(folder, 'of-mine'))).toBe(true);
    rmSync(folder, { recursive: true });
  });

  it('names the command that judges the record, as a shell takes it', () => {
    expect(auditCommand('.spothop/run-a/record.jsonl')).toBe('npx spothop audit --trace .spothop/run-a/record.jsonl');
    expect(auditCommand("my runs/it's.jsonl")).toBe(`npx spothop audit --trace 'my runs/it'\\''s.jsonl'`);
  });

  it('gives a batch a third of a second for each task, a hundred seconds at least, unless told', () => {
    expect([secondsOf(optionsOf()), secondsOf(optionsOf('--tasks', '601'))]).toEqual([100, 201]);
    expect(secondsOf(optionsOf('--tasks', '601', '--seconds', '20'))).toBe(20);
    expect(secondsOf({ tasks: 300, input: 'tasks.ndjson' })).toBe(600);
  });
});
