import { describe, expect, it } from 'vitest';
import { smallFileWith } from '../config/fleet-text.ts';
import { run } from './support.ts';

describe('spothop fleet check', () => {
  it('reads spothop.yml when no file is named, and says how to name one when there is none', async () => {
    expect(await run(['fleet', 'check'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'spothop.yml: there is no such file; name the fleet file to check, such as spothop.yml\n',
    });
  });

  it('lists every problem with its line, reason and fix', async () => {
    const { code, stdout } = await run(['fleet', 'check', 'a.yml'], { 'a.yml': 'version: 1\nfleets:\n  index: 7\n' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^a\.yml:\d+:\d+ {2}.*; fix: .+$/m);
    expect(stdout).toMatch(/a\.yml: \d+ problems?; nothing would be deployed\n$/);
  });

  it('answers as one JSON object on one line', async () => {
    const { code, stdout } = await run(['fleet', 'check', '--json', '-'], { '-': '' });
    expect(code).toBe(1);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ file: '-', ok: false, fleets: [], warnings: [] });
    expect(Object.keys(answer.problems[0])).toEqual(['line', 'column', 'path', 'reason', 'fix']);
  });

  it('warns of a task file that a deployment could not ship, where the file names it', async () => {
    const file = smallFileWith('{ command: python3 worker.py }', '{ task: ./work.ts }');
    const faults = { './work.ts': { reason: 'is not there', fix: 'write a path that begins at the fleet file' } };
    const { code, stdout } = await run(['fleet', 'check', 'a.yml'], { 'a.yml': file }, undefined, faults);
    expect(stdout).toBe(
      'a.yml:11:15  fleets.jobs.worker.task: ./work.ts is not there; fix: write a path that begins at the fleet file\n' +
        'a.yml: 1 fleet (jobs), 1 warning\n',
    );
    expect(code).toBe(0);
  });

  it('asks for no task file where machines are not launched by us', async () => {
    const watched = smallFileWith('mode: manage', 'mode: observe').replace(
      'command: python3 worker.py',
      'task: ./w.ts',
    );
    const faults = { './w.ts': { reason: 'is not there', fix: 'write it' } };
    const { stdout } = await run(['fleet', 'check', 'a.yml'], { 'a.yml': watched }, undefined, faults);
    expect(stdout).toBe('a.yml: 1 fleet (jobs), 0 warnings\n');
  });
});
