import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execRunner } from '../../lib/agent/exec-runner.ts';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { taskId } from '../../lib/fleet/ids.ts';

const clock = wallClock();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-exec-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, changes: Partial<RunnerContext> = {}) =>
  execRunner({ command, environment: { PATH: process.env['PATH'] }, clock }).run({
    taskId: taskId('task-1'),
    attempt: 7,
    input: '{"n":1}',
    resume: undefined,
    signal: new AbortController().signal,
    killSignal: new AbortController().signal,
    deadline: () => undefined,
    noticeSignal: new AbortController().signal,
    checkpoint: async () => undefined,
    commit: async () => undefined,
    progress: () => undefined,
    ...changes,
  });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

/** The command says on a file when it is ready for what the test does next. */
const textOf = async (path: string): Promise<string> => {
  for (let look = 0; look < 500; look += 1) {
    try {
      const text = readFileSync(path, 'utf8');
      if (text.endsWith('\n')) return text.trim();
    } catch {
      // Not written yet.
    }
    await clock.sleep(10);
  }
  throw new Error(`${path} was never written`);
};

const untilDead = async (pid: number): Promise<boolean> => {
  for (let look = 0; look < 200 && isAlive(pid); look += 1) await clock.sleep(10);
  return !isAlive(pid);
};

describe('any command as a worker', () => {
  it('has its input on stdin, its task in the environment, and its result on stdout', async () => {
    const outcome = await run('echo "$SPOTHOP_TASK_ID $SPOTHOP_ATTEMPT [$SPOTHOP_DEADLINE] $(cat)"');
    expect(outcome).toEqual({ kind: 'done', result: 'task-1 7 [] {"n":1}\n' });
  });

  it('is told its deadline as an instant when there is one', async () => {
    const outcome = await run('printf %s "$SPOTHOP_DEADLINE"', { deadline: () => 1_767_225_600_000 as never });
    expect(outcome).toEqual({ kind: 'done', result: '2026-01-01T00:00:00.000Z' });
  });

  it.each([
    ['exit 0', { kind: 'done', result: '' }],
    ['exit 75', { kind: 'hand-back', reason: 'it asked to be handed back' }],
    ['exit 1', { kind: 'failed', reason: 'exit code 1' }],
    ['echo first >&2; echo "no such order" >&2; exit 4', { kind: 'failed', reason: 'exit code 4: no such order' }],
    ['kill -s KILL $$', { kind: 'failed', reason: 'killed by SIGKILL' }],
    ['/no/such/program 2>/dev/null', { kind: 'failed', reason: 'exit code 127' }],
  ])('%s', async (command, outcome) => {
    expect(await run(command)).toEqual(outcome);
  });

  it('gives a reason of printable characters on one line, cut to 300', async () => {
    const outcome = await run(String.raw`printf 'a\033[31mb\007%0400d\n' 0 >&2; exit 1`);
    expect(outcome).toMatchObject({ kind: 'failed' });
    const { reason } = outcome as { reason: string };
    expect(reason).toMatch(/^exit code 1: a \[31mb 0+$/);
    expect(reason).toHaveLength(300);
  });

  it('may end without reading its input', async () => {
    expect(await run('exit 0', { input: 'x'.repeat(1_000_000) })).toEqual({ kind: 'done', result: '' });
  });

  it('fails when its result is larger than a mebibyte, and is not let write on', async () => {
    const outcome = await run('yes');
    expect(outcome).toEqual({ kind: 'failed', reason: 'its result is larger than 1048576 bytes' });
  });

  it('leaves nothing behind: what it started in the background ends with it', async () => {
    const file = join(folder, 'background');
    const outcome = await run(`sleep 300 & echo $! > ${file}; echo ok`);
    expect(outcome).toEqual({ kind: 'done', result: 'ok\n' });
    expect(await untilDead(Number(await textOf(file)))).toBe(true);
  });

  it('is asked to stop by SIGTERM, and may finish', async () => {
    const file = join(folder, 'finishing');
    const ask = new AbortController();
    const running = run(`trap 'echo partial; exit 0' TERM; echo $$ > ${file}; while :; do sleep 0.02; done`, {
      signal: ask.signal,
    });
    await textOf(file);
    ask.abort();
    expect(await running).toEqual({ kind: 'done', result: 'partial\n' });
  });

  it('that ends because it was asked to has not failed', async () => {
    const file = join(folder, 'stopping');
    const ask = new AbortController();
    const running = run(`echo $$ > ${file}; exec sleep 300`, { signal: ask.signal });
    await textOf(file);
    ask.abort();
    expect(await running).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
  });

  it('that ignores SIGTERM is killed with its whole group when it must end', async () => {
    const file = join(folder, 'stubborn');
    const ask = new AbortController();
    const kill = new AbortController();
    const command = `trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${file}; while :; do sleep 0.02; done' & wait; wait`;
    const running = run(command, { signal: ask.signal, killSignal: kill.signal });
    const pid = Number(await textOf(file));
    ask.abort();
    await clock.sleep(50);
    expect(isAlive(pid)).toBe(true);
    kill.abort();
    expect((await running).kind).toBe('hand-back');
    expect(await untilDead(pid)).toBe(true);
  });

  it('does not outlive an agent that dies without a word', async () => {
    const file = join(folder, 'orphan');
    const script = `
      const { execRunner } = await import(${JSON.stringify(new URL('../../lib/agent/exec-runner.ts', import.meta.url).href)});
      const { wallClock } = await import(${JSON.stringify(new URL('../../lib/clock/wall-clock.ts', import.meta.url).href)});
      const never = new AbortController().signal;
      await execRunner({ command: 'echo $$ > ${file}; exec sleep 300', environment: process.env, clock: wallClock() })
        .run({ taskId: 't', attempt: 1, input: '', signal: never, killSignal: never, deadline: () => undefined });`;
    const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const pid = Number(await textOf(file));
    expect(isAlive(pid)).toBe(true);
    agent.kill('SIGKILL');
    expect(await untilDead(pid)).toBe(true);
  });
});
