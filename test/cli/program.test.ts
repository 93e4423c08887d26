import { describe, expect, it } from 'vitest';
import { run } from './support.ts';

describe('the command line', () => {
  it('shows its version and its help, and that is no failure', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const help = await run(['events', 'check', '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('spothop events check warning.json');
    expect(help.stdout).toContain('Exit codes:');
  });

  it.each([
    [
      ['events', 'check', '--jsn', 'a.json'],
      "usage: unknown option '--jsn' (Did you mean --json?); add --help to see what is accepted\n",
    ],
    [['events', 'check'], "usage: missing required argument 'file'; add --help to see what is accepted\n"],
    [['evnts'], "usage: unknown command 'evnts' (Did you mean events?); add --help to see what is accepted\n"],
    [
      ['events', 'check', '--account', '12', 'a.json'],
      "usage: option '--account <id>' argument '12' is invalid. An account id has 12 digits; add --help to see what is accepted\n",
    ],
  ])('%j is a usage error with its reason and what to do', async (words, stderr) => {
    expect(await run(words)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('a word from the command line cannot forge a line', async () => {
    const { code, stderr } = await run(['events', 'check', '--\u001b[2J\nall well']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it.each([[[]], [['events']], [['fleet']]])('%j alone shows what can follow, as a usage error', async (words) => {
    const { code, stderr } = await run(words);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: spothop');
  });
});
