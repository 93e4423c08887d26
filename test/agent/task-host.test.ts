import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildAgent } from '../../deploy/build-agent.ts';
import type { RunnerOutcome } from '../../lib/agent/runner.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { StaleAttempt } from '../../lib/worker/errors.ts';
import { aRun, createHosted, ENTRY_POINT, type Hosted, isAlive, until } from './support/hosted.ts';

const realTime = wallClock();

/** Real processes: what a task may do to the one it runs in, and what of it reaches the agent. */
let hosted: Hosted;
beforeEach(() => {
  hosted = createHosted();
});
afterEach(() => hosted.close());

/** A task that does as its body says; `log` is a file that each start of a task adds its name to. */
const OBEDIENT = (log: string) => `
import { appendFileSync, closeSync } from 'node:fs';
import { spawn } from 'node:child_process';
const never = () => new Promise(() => setInterval(() => undefined, 1_000));
const gate = (name) => new Promise((resolve) => {
  const look = setInterval(() => { if (existsSync(name)) { clearInterval(look); resolve(); } }, 5);
});
import { existsSync } from 'node:fs';
export default defineTask({
  name: 'obedient',
  failuresMax: 7,
  async run(context, input) {
    appendFileSync(${JSON.stringify(log)}, input.name + '\\n');
    if (input.waitFor) {
      await gate(input.waitFor);
      appendFileSync(input.waitFor + '.passed', '');
    }
    switch (input.do) {
      case 'pid': return process.pid;
      case 'exit': console.error('about to go'); return process.exit(input.code);
      case 'exit without a voice': closeSync(2); return process.exit(5);
      case 'exit that fails': process.on('exit', () => { throw new Error('in the exit listener'); }); return process.exit(6);
      case 'kill': return process.kill(process.pid, input.signal ?? 'SIGKILL');
      case 'memory': { const kept = []; for (;;) kept.push(new Array(10_000).fill(Math.random())); }
      case 'loop': for (;;) Math.random();
      case 'loop later': await new Promise((resolve) => context.signal.addEventListener('abort', resolve)); for (;;) Math.random();
      case 'deaf': return never();
      case 'throw later': setTimeout(() => { throw new Error('thrown later'); }, 5); return never();
      case 'reject later': setTimeout(() => { Promise.reject(new Error('rejected later')); }, 5); return never();
      case 'reject when stopped': context.signal.addEventListener('abort', () => { Promise.reject(new Error('aborted')); }); return never();
      case 'throw after the end': setTimeout(() => { throw new Error('too late'); }, 20); return 'done';
      case 'wait for stop': await new Promise((resolve) => context.signal.addEventListener('abort', resolve)); return context.signal.throwIfAborted();
      case 'exit when stopped': await new Promise((resolve) => context.signal.addEventListener('abort', resolve)); return process.exit(1);
      case 'junk': process.send?.('junk'); process.send?.({ kind: 'constructor' }); return typeof process.send;
      case 'child': { const child = spawn('sleep', ['1000']); await context.checkpoint(child.pid); return never(); }
      case 'resume': await context.checkpoint({ was: context.resume ?? 0 }); if (context.resume === undefined) process.kill(process.pid, 'SIGKILL'); return context.resume;
      case 'commit and die': await context.commit('kept'); return process.exit(9);
    }
    return input.name;
  },
});`;

const startObedient = (options = {}) => hosted.start(OBEDIENT(join(hosted.folder, 'starts')), options);
const pathIn = (name: string): string => join(hosted.folder, name);
/** Names of tasks in the order in which they were begun, repetitions and all. */
const starts = (): string[] =>
  existsSync(pathIn('starts')) ? readFileSync(pathIn('starts'), 'utf8').trim().split('\n') : [];
const open = (name: string): void => appendFileSync(pathIn(name), '');
const resultOf = (outcome: RunnerOutcome): unknown => (outcome.kind === 'done' ? JSON.parse(outcome.result) : outcome);
const done = (value: unknown): RunnerOutcome => ({ kind: 'done', result: JSON.stringify(value) });

describe('a task in a process of its own', () => {
  it('gets what the agent has for it, and its checkpoints, commit and progress come to the agent', async () => {
    const runner = await hosted.start(`
      export default defineTask({
        name: 'talking', description: 'tells', tags: ['one', 'two'],
        async run(context, input) {
          context.progress({ done: 1, total: 4 });
          await context.checkpoint({ at: input.at });
          await context.commit('early');
          return { input, attempt: context.attempt, taskId: context.taskId, resume: context.resume };
        },
      });`);
    const run = aRun({ at: 3 }, { attempt: 5, resume: '{"at":2}' });
    expect(resultOf(await runner.run(run.context))).toEqual({
      input: { at: 3 },
      attempt: 5,
      taskId: 'task-{"at":3}',
      resume: { at: 2 },
    });
    expect(run.written).toEqual(['progress {"share":0.25}', '{"at":3}', 'commit "early"']);
    expect(runner.name).toBe('talking');
    expect(hosted.lines[0]).toEqual({ message: 'tasks loaded', fields: { tasks: ['talking #one #two tells'] } });
  });

  it('hears of a refused checkpoint as StaleAttempt, and of an unreachable ledger as an error', async () => {
    const runner = await hosted.start(`
      export default defineTask({
        name: 'refused',
        run: (context) => context.checkpoint(1).catch((error) => [error instanceof StaleAttempt, error.message]),
      });`);
    const refused = aRun({}, { checkpoint: () => Promise.reject(new StaleAttempt()) });
    expect(resultOf(await runner.run(refused.context))).toEqual([true, expect.stringContaining('attempt is over')]);
    const unreachable = aRun({}, { checkpoint: () => Promise.reject(new Error('no answer')) });
    expect(resultOf(await runner.run(unreachable.context))).toEqual([false, 'no answer']);
  });

  it('sees the notice with its deadline, a nearer deadline, and the request to stop', async () => {
    const runner = await hosted.start(
      `export default defineTask({
        name: 'noticing',
        async run(context) {
          while (!context.notice.aborted) await new Promise((next) => setTimeout(next, 10));
          await context.checkpoint(Math.round((context.deadline - Date.now()) / 1_000));
          const first = context.deadline;
          while (context.deadline > first - 10_000) await new Promise((next) => setTimeout(next, 10));
          await context.checkpoint('nearer');
          while (!context.signal.aborted) await new Promise((next) => setTimeout(next, 10));
          throw new Error('after the request');
        },
      });`,
    );
    let deadline: number | undefined;
    const run = aRun({}, { deadline: () => (deadline === undefined ? undefined : epochMs(deadline)) });
    const outcome = runner.run(run.context);
    deadline = Date.now() + 100_000;
    run.notice.abort();
    await until(() => run.written.length === 1);
    expect(Number(run.written[0])).toBeGreaterThanOrEqual(90);
    expect(Number(run.written[0])).toBeLessThanOrEqual(100);
    deadline -= 50_000;
    await until(() => run.written.length === 2);
    run.stop.abort();
    expect(await outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
  });

  it('prints into the agent’s log: whole lines, each with its task, bounded in length and number', async () => {
    const runner = await hosted.start(`
      export default defineTask({
        name: 'printing',
        async run(context, input) {
          for (let line = 0; line < input.lines; line += 1) {
            console.log(input.name, 'line', line);
            await new Promise((resolve) => setImmediate(resolve));
          }
          process.stdout.write('x'.repeat(5_000) + '\\n');
          console.error('{"level":"forged"}');
        },
      });`);
    await Promise.all(['a', 'b'].map((name) => runner.run(aRun({ name, lines: 3 }).context)));
    await until(() => hosted.output().length === 10);
    const ofA = hosted.output().filter(({ taskId }) => taskId === 'task-{"name":"a","lines":3}');
    expect(ofA.map(({ line }) => line)).toEqual([
      'a line 0',
      'a line 1',
      'a line 2',
      'x'.repeat(1_000),
      '{"level":"forged"}',
    ]);
    expect(ofA.map(({ stream }) => stream)).toEqual(['stdout', 'stdout', 'stdout', 'stdout', 'stderr']);
    await runner.run(aRun({ name: 'c', lines: 500 }).context);
    await until(() => hosted.output().length === 200);
    expect(hosted.output()).toHaveLength(200);
  });

  it('cannot confuse the agent by what it sends over the channel', async () => {
    const runner = await startObedient();
    expect(await runner.run(aRun({ do: 'junk' }).context)).toEqual(done('undefined'));
  });
});

describe('nothing that a task does ends the agent, and what it does is its failure (F33)', () => {
  it('an exit is told with its code and the last line on standard error', async () => {
    const runner = await startObedient();
    expect(await runner.run(aRun({ do: 'exit', code: 3 }).context)).toEqual({
      kind: 'failed',
      reason: 'its process ended with code 3: about to go',
      failuresMax: 7,
    });
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual(done('next'));
  });

  it('memory without end is told as such', async () => {
    const runner = await startObedient({ execArgv: ['--max-old-space-size=64'] });
    expect(await runner.run(aRun({ do: 'memory' }).context)).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(
        /^its process was killed by SIGABRT; out of memory\?: FATAL ERROR: .*heap out of memory$/,
      ),
      failuresMax: 7,
    });
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual(done('next'));
  });

  it('a SIGKILL is told, as the kernel sends it when memory ends', async () => {
    const runner = await startObedient();
    expect(await runner.run(aRun({ do: 'kill' }).context)).toMatchObject({
      kind: 'failed',
      reason: 'its process was killed by SIGKILL; out of memory?',
    });
  });

  it('a loop without end leaves the agent free, and ends when its time is over', async () => {
    const runner = await startObedient();
    const pid = Number(resultOf(await runner.run(aRun({ do: 'pid' }).context)));
    const run = aRun({ do: 'loop', name: 'loop' });
    const outcome = runner.run(run.context);
    await until(() => starts().includes('loop'));
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    run.stop.abort();
    run.kill.abort();
    expect(await outcome).toEqual({ kind: 'hand-back', reason: 'its time was over' });
    await until(() => !isAlive(pid));
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual(done('next'));
  });

  it.each([
    ['throw later', 'thrown later'],
    ['reject later', 'rejected later'],
  ])('an error that nobody caught fails the task it came from, and no other (%s)', async (what, words) => {
    const runner = await startObedient();
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    expect(await runner.run(aRun({ do: what }).context)).toEqual({
      kind: 'failed',
      reason: `an error that nobody caught: ${words}`,
      failuresMax: 7,
    });
    open('go');
    expect(await neighbour).toEqual(done('neighbour'));
    expect(starts().filter((name) => name === 'neighbour')).toHaveLength(1);
  });

  it('an error that comes after its task is done is nobody’s failure', async () => {
    const runner = await startObedient();
    expect(await runner.run(aRun({ do: 'throw after the end' }).context)).toEqual(done('done'));
    const next = runner.run(aRun({ name: 'next', waitFor: pathIn('go') }).context);
    await until(() => hosted.lines.some(({ message }) => message === 'an error that no task waits for'));
    open('go');
    expect(await next).toEqual(done('next'));
  });

  it.each(['reject when stopped', 'exit when stopped', 'wait for stop'])(
    'whatever it does once it was asked to stop is no failure (%s)',
    async (what) => {
      const runner = await startObedient();
      const run = aRun({ do: what, name: what });
      const outcome = runner.run(run.context);
      await until(() => existsSync(pathIn('starts')));
      run.stop.abort();
      expect(await outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    },
  );

  it('a result that was committed stays, however its process ends', async () => {
    const runner = await startObedient();
    expect(await runner.run(aRun({ do: 'commit and die' }).context)).toEqual(done('kept'));
  });

  it('what it has started ends with its process', async () => {
    const runner = await startObedient();
    const run = aRun({ do: 'child' });
    const outcome = runner.run(run.context);
    await until(() => run.written.length === 1);
    expect(isAlive(Number(run.written[0]))).toBe(true);
    run.kill.abort();
    await outcome;
    await until(() => !isAlive(Number(run.written[0])));
  });
});

describe('of several tasks in a process that ends, only the one that ended it has failed', () => {
  it('an exit is traced to its task; the others are run again', async () => {
    const runner = await startObedient();
    const innocent = runner.run(aRun({ name: 'innocent', waitFor: pathIn('go') }).context);
    await until(() => starts().length === 1);
    const poison = await runner.run(aRun({ do: 'exit', code: 4 }).context);
    expect(poison).toMatchObject({ kind: 'failed', reason: 'its process ended with code 4: about to go' });
    open('go');
    expect(await innocent).toEqual(done('innocent'));
    expect(starts().filter((name) => name === 'innocent')).toHaveLength(2);
  });

  it('where it cannot be traced each is run again alone, until the culprit is found', async () => {
    const runner = await startObedient();
    const names = ['first', 'second', 'third'];
    const innocent = names.map((name) => runner.run(aRun({ name, waitFor: pathIn('go') }).context));
    await until(() => starts().length === 3);
    const poison = runner.run(aRun({ do: 'kill', name: 'poison', waitFor: pathIn('bite') }).context);
    await until(() => starts().length === 4);
    open('bite');
    // Alone, and only the first of them, although all four are waiting.
    await until(() => starts().length === 5);
    expect(starts().at(-1)).toBe('first');
    open('go');
    expect(await Promise.all(innocent)).toEqual(names.map(done));
    expect(await poison).toMatchObject({
      kind: 'failed',
      reason: 'its process was killed by SIGKILL; out of memory?',
      failuresMax: 7,
    });
  });

  it('once the culprit is found the rest go on together', async () => {
    const runner = await startObedient();
    const poison = runner.run(aRun({ do: 'kill', name: 'poison', waitFor: pathIn('bite') }).context);
    const innocent = ['first', 'second'].map((name) => runner.run(aRun({ name, waitFor: pathIn('go') }).context));
    await until(() => starts().length === 3);
    open('bite');
    expect(await poison).toMatchObject({ kind: 'failed' });
    await until(() => starts().length === 6);
    expect(starts().slice(3)).toEqual(['poison', 'first', 'second']);
    open('go');
    expect(await Promise.all(innocent)).toEqual([done('first'), done('second')]);
  });

  it('a task alone in a process that served others is not blamed for their memory before it has a process of its own', async () => {
    const runner = await startObedient();
    await runner.run(aRun({ name: 'before' }).context);
    expect(await runner.run(aRun({ do: 'kill', name: 'poison' }).context)).toMatchObject({ kind: 'failed' });
    expect(starts()).toEqual(['before', 'poison', 'poison']);
  });

  it('is run again from its last accepted checkpoint, in the same attempt', async () => {
    const runner = await startObedient();
    await runner.run(aRun({ name: 'before' }).context);
    const run = aRun({ do: 'resume', name: 'resuming' });
    expect(await runner.run(run.context)).toEqual(done({ was: 0 }));
    expect(run.written).toEqual(['{"was":0}', '{"was":{"was":0}}']);
  });

  it('a task that was asked to stop meanwhile is handed back instead', async () => {
    const runner = await startObedient();
    const run = aRun({ name: 'stopped', do: 'deaf' });
    const outcome = runner.run(run.context);
    await until(() => existsSync(pathIn('starts')));
    run.stop.abort();
    await runner.run(aRun({ do: 'exit', code: 1 }).context);
    expect(await outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
  });
});

describe('a task that lets nothing else work in its process', () => {
  it('costs its neighbours a minute and no failure, and goes on beside them', async () => {
    const runner = await startObedient({ hurry: 30 });
    const run = aRun({ do: 'loop', name: 'loop', waitFor: pathIn('bite') });
    const looping = runner.run(run.context);
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    await until(() => starts().length === 2);
    open('bite');
    await until(() => existsSync(pathIn('bite.passed')));
    open('go');
    expect(await neighbour).toEqual(done('neighbour'));
    expect(starts().filter((name) => name === 'neighbour')).toHaveLength(2);
    const others = ['one', 'two'].map((name) => runner.run(aRun({ name }).context));
    expect(await Promise.all(others)).toEqual([done('one'), done('two')]);
    run.stop.abort();
    run.kill.abort();
    expect(await looping).toEqual({ kind: 'hand-back', reason: 'its time was over' });
  });

  it('and is alone in it may go on for as long as it likes', async () => {
    const runner = await startObedient({ hurry: 30 });
    const run = aRun({ do: 'loop', name: 'loop' });
    const looping = runner.run(run.context);
    await until(() => hosted.lines.some(({ message }) => message === 'a task lets nothing else work in its process'));
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual(done('next'));
    expect(starts()).toEqual(['loop', 'next']);
    run.kill.abort();
    expect(await looping).toEqual({ kind: 'hand-back', reason: 'its time was over' });
  });
});

describe('a process that cannot even say how it ends', () => {
  it.each(['exit without a voice', 'exit that fails'])('costs its neighbours nothing (%s)', async (what) => {
    const runner = await startObedient({ hurry: 10 });
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    await until(() => starts().includes('neighbour'));
    const poison = runner.run(aRun({ do: what, name: what }).context);
    open('go');
    expect((await poison).kind).toBe('failed');
    expect(await neighbour).toEqual(done('neighbour'));
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual(done('next'));
  });
});

describe('a task that does not stop', () => {
  it('does not cost its neighbours their process: that is left when they are through', async () => {
    const runner = await startObedient();
    const pid = Number(resultOf(await runner.run(aRun({ do: 'pid' }).context)));
    const deaf = aRun({ do: 'deaf', name: 'deaf' });
    const given = runner.run(deaf.context);
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    await until(() => starts().includes('neighbour'));
    deaf.kill.abort();
    expect(await given).toEqual({ kind: 'hand-back', reason: 'its time was over' });
    expect(resultOf(await runner.run(aRun({ do: 'pid' }).context))).not.toBe(pid);
    expect(isAlive(pid)).toBe(true);
    open('go');
    expect(await neighbour).toEqual(done('neighbour'));
    await until(() => !isAlive(pid));
    expect(starts().filter((name) => name === 'neighbour')).toHaveLength(1);
  });

  it('and ends late after all leaves no process behind once its neighbours are through', async () => {
    const runner = await startObedient();
    const pid = Number(resultOf(await runner.run(aRun({ do: 'pid' }).context)));
    const late = aRun({ name: 'late', waitFor: pathIn('late') });
    const given = runner.run(late.context);
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    await until(() => starts().includes('late') && starts().includes('neighbour'));
    late.kill.abort();
    await given;
    expect(resultOf(await runner.run(aRun({ do: 'pid' }).context))).not.toBe(pid);
    open('late');
    await realTime.sleep(200);
    open('go');
    expect(await neighbour).toEqual(done('neighbour'));
    await until(() => !isAlive(pid));
  });

  it('and keeps its neighbours from working costs them the process, and no failure', async () => {
    const runner = await startObedient({ hurry: 20 });
    const deaf = aRun({ do: 'loop later', name: 'loop' });
    const given = runner.run(deaf.context);
    const neighbour = runner.run(aRun({ name: 'neighbour', waitFor: pathIn('go') }).context);
    await until(() => starts().length === 2);
    deaf.stop.abort();
    deaf.kill.abort();
    expect((await given).kind).toBe('hand-back');
    await until(() => starts().length === 3);
    open('go');
    expect(await neighbour).toEqual(done('neighbour'));
    expect(starts()).toEqual(['loop', 'neighbour', 'neighbour']);
  });
});

describe('the process beside the agent', () => {
  const pidOf = async (runner: Awaited<ReturnType<Hosted['start']>>): Promise<number> =>
    Number(resultOf(await runner.run(aRun({ do: 'pid' }).context)));

  it('is one for all tasks, ended when there is nothing to do, and started again', async () => {
    const runner = await startObedient({ hurry: 100 });
    const pid = await pidOf(runner);
    expect(isAlive(pid)).toBe(true);
    await until(() => !isAlive(pid));
    expect(await pidOf(runner)).not.toBe(pid);
  });

  it('does not end by the SIGTERM that the service manager sends to all', async () => {
    const runner = await startObedient();
    const pid = await pidOf(runner);
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    expect(await pidOf(runner)).toBe(pid);
  });

  it('ends with the runner', async () => {
    const runner = await startObedient();
    const pid = await pidOf(runner);
    await runner.close?.();
    expect(isAlive(pid)).toBe(false);
  });

  it('ends with an agent that was killed, even in the middle of a loop without end', async () => {
    const taskFile = hosted.writeFile(
      'loop.ts',
      `import { defineTask } from 'spothop';
       import { writeFileSync } from 'node:fs';
       export default defineTask({ name: 'loop', run: () => { writeFileSync(${JSON.stringify(pathIn('pid'))}, String(process.pid)); for (;;); } });`,
    );
    const library = new URL('../../lib/', import.meta.url).href;
    const agent = hosted.writeFile(
      'agent.ts',
      `import { startHostRunner } from '${library}agent/task-host-runner.ts';
       import { wallClock } from '${library}clock/wall-clock.ts';
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       const command = { entryPoint: ${JSON.stringify(ENTRY_POINT)}, taskFile: ${JSON.stringify(taskFile)}, environment: process.env };
       const runner = await startHostRunner({ command, clock: wallClock(), wall: wallClock(), log });
       const { signal } = new AbortController();
       await runner.run({ taskId: 't', attempt: 1, input: '{}', resume: undefined, signal, killSignal: signal, noticeSignal: signal, deadline: () => undefined });`,
    );
    const child = spawn(process.execPath, [agent], { stdio: 'inherit' });
    await until(() => existsSync(pathIn('pid')) && readFileSync(pathIn('pid'), 'utf8') !== '');
    const pid = Number(readFileSync(pathIn('pid'), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  it('is the agent’s one bundled file as well, alone in its folder', async () => {
    const { path } = await buildAgent(pathIn('bundle'));
    const runner = await startObedient({ entryPoint: path });
    expect(await runner.run(aRun({ name: 'bundled' }).context)).toEqual(done('bundled'));
    expect(await runner.run(aRun({ do: 'resume', name: 'resuming' }).context)).toEqual(done({ was: 0 }));
  });

  it('gives no work to a new process once the runner is closed', async () => {
    const runner = await startObedient();
    const outcome = runner.run(aRun({ do: 'deaf', name: 'deaf' }).context);
    await until(() => starts().length === 1);
    await runner.close?.();
    expect(await outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    expect(starts()).toEqual(['deaf']);
  });

  it('whose file has gone bad hands tasks back instead of failing them', async () => {
    const runner = await startObedient();
    hosted.writeFile('task.ts', 'export default 1;');
    await runner.run(aRun({ do: 'exit', code: 1 }).context);
    expect(await runner.run(aRun({ name: 'next' }).context)).toEqual({
      kind: 'hand-back',
      reason: 'its file could not be loaded',
    });
    expect(hosted.lines.at(-1)?.message).toBe('tasks could not be loaded');
  });
});
