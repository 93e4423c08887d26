import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execRunner } from '../../lib/agent/exec-runner.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import {
  aContext,
  clock,
  isAlive,
  keptLog,
  type RunChanges,
  runCommand,
  textOf,
  until,
  untilDead,
} from './support/commands.ts';

let folder: string;
let stateFolder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-exec-'));
  stateFolder = join(folder, 'state');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, changes: RunChanges = {}) => runCommand(command, { stateFolder, ...changes });
const at = (name: string): string => join(folder, name);

describe('a runner of commands that is closed', () => {
  it('waits for a killed command’s files to be removed: the agent’s process may end next', async () => {
    const kill = new AbortController();
    const own = join(folder, 'closing');
    const runner = execRunner({
      command: 'cat >/dev/null; echo started > "$SPOTHOP_CHECKPOINT_FILE"; exec sleep 100',
      environment: { PATH: process.env['PATH'] },
      fleet: 'index',
      stateFolder: own,
      log: keptLog(),
      clock,
      wall: clock,
    });
    const stored = Promise.withResolvers<void>();
    void runner.run(aContext({ killSignal: kill.signal, checkpoint: async () => stored.resolve() }));
    await stored.promise;
    expect(readdirSync(own)).toHaveLength(1);
    kill.abort();
    await runner.close?.();
    expect(readdirSync(own)).toEqual([]);
  });
});

describe('any command as a worker', () => {
  it('has its input on stdin, its task in the environment, and its result on stdout', async () => {
    const outcome = await run('echo "$SPOTHOP_TASK_ID $SPOTHOP_ATTEMPT $SPOTHOP_FLEET [$SPOTHOP_DEADLINE] $(cat)"');
    expect(outcome).toEqual({ kind: 'done', result: 'task-1 7 index [] {"n":1}\n' });
  });

  it('is told its deadline as an instant when there is one', async () => {
    const outcome = await run('printf %s "$SPOTHOP_DEADLINE"', { deadline: () => 1_767_225_600_000 as never });
    expect(outcome).toEqual({ kind: 'done', result: '2026-01-01T00:00:00.000Z' });
  });

  it('takes a task id of the oddest allowed characters as text', async () => {
    const odd = taskId(`a'"$(touch${'\u0060'}|;&>*?\\{}!~#`);
    expect(await run('printf %s "$SPOTHOP_TASK_ID"', { taskId: odd })).toEqual({ kind: 'done', result: odd });
  });

  it('runs where the folder of its files has blanks, quotes and letters of other scripts', async () => {
    const odd = join(folder, `o'dd "state" $HOME ñ 文`);
    const command = 'cat "$SPOTHOP_INPUT_FILE"; printf x > "$SPOTHOP_RESULT_FILE"';
    expect(await run(command, { stateFolder: odd })).toEqual({ kind: 'done', result: 'x' });
    expect(readdirSync(odd)).toEqual([]);
  });

  it('may be a program whose path has blanks, quotes and a line break in it', async () => {
    const program = join(folder, `my "odd'\n program`);
    writeFileSync(program, '#!/bin/sh\nprintf "ran %s" "$1"\n', { mode: 0o755 });
    const quoted = `'${program.replaceAll("'", `'\\''`)}'`;
    expect(await run(`${quoted} 'a  b'`)).toEqual({ kind: 'done', result: 'ran a  b' });
  });

  it('runs in bash as in sh', async () => {
    const outcome = await run(`exec bash -c 'read -r line; [[ $line == *n* ]] && echo "\${line:1:3}"'`);
    expect(outcome).toEqual({ kind: 'done', result: '"n"\n' });
  });

  it.each([
    ['exit 0', { kind: 'done', result: '' }],
    ['exit 75', { kind: 'hand-back', reason: 'it asked to be handed back' }],
    ['exit 1', { kind: 'failed', reason: 'exit code 1' }],
    ['echo first >&2; echo "no such order" >&2; exit 4', { kind: 'failed', reason: 'exit code 4: no such order' }],
    ['kill -s SEGV $$', { kind: 'failed', reason: 'killed by SIGSEGV' }],
    ['kill -s TERM $$', { kind: 'failed', reason: 'killed by SIGTERM' }],
  ])('%s', async (command, outcome) => {
    expect(await run(command)).toEqual(outcome);
  });

  it('that is killed without us may have been out of memory, and says so, shell in front or not (F33)', async () => {
    const reason = 'killed by SIGKILL; was it out of memory?';
    expect(await run('kill -s KILL $$')).toEqual({ kind: 'failed', reason });
    expect(await run('exit 137')).toEqual({ kind: 'failed', reason: `exit code 137: ${reason}` });
  });

  it('that is not there or cannot be executed gets a reason that says what to look at', async () => {
    const missing = await run('/no/such/program');
    expect(missing).toMatchObject({ reason: expect.stringMatching(/^exit code 127: the program was not found.*\/no/) });
    const file = at('not-executable');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o644 });
    expect(await run(file)).toMatchObject({ reason: expect.stringMatching(/^exit code 126: .*marked executable/) });
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

  it('has a result of a mebibyte at most', async () => {
    const whole = await run('head -c 1048576 /dev/zero | tr "\\0" x');
    expect((whole as { result: string }).result).toHaveLength(1_048_576);
    expect(await run('head -c 1048577 /dev/zero | tr "\\0" x')).toEqual({
      kind: 'failed',
      reason: 'its result was refused: it is larger than 1048576 bytes',
    });
  });

  it('has a result that is text: other bytes are refused, not changed in silence', async () => {
    expect(await run(String.raw`printf '\377\376'`)).toEqual({
      kind: 'failed',
      reason: 'its result was refused: it is not UTF-8 text; encode other data, such as in base64',
    });
    expect(await run(String.raw`printf 'gr\303\274n\n'`)).toEqual({ kind: 'done', result: 'grün\n' });
  });

  it('may write megabytes to standard output when its result is in the file', async () => {
    const outcome = await run('head -c 20000000 /dev/zero; echo "the result" > "$SPOTHOP_RESULT_FILE"');
    expect(outcome).toEqual({ kind: 'done', result: 'the result\n' });
  });

  it('cannot be run where no folder can be made for it, which is not its failure', async () => {
    const log = keptLog();
    const file = at('a-file');
    writeFileSync(file, '');
    const outcome = await run('true', { stateFolder: join(file, 'below'), log });
    expect(outcome).toEqual({ kind: 'hand-back', reason: 'this machine could not run the command (ENOTDIR)' });
    expect(log.lines).toEqual([expect.objectContaining({ message: 'this machine could not run the command' })]);
  });

  it('is not started for a task that is to stop already', async () => {
    const file = at('never');
    const outcome = await run(`touch ${file}`, { signal: AbortSignal.abort(), killSignal: AbortSignal.abort() });
    expect(outcome).toEqual({ kind: 'hand-back', reason: 'it was asked to stop before it began' });
    expect(existsSync(file)).toBe(false);
  });
});

describe('the environment of a command', () => {
  const environment = {
    PATH: process.env['PATH'],
    AWS_REGION: 'eu-west-1',
    DATABASE: 'orders',
    SPOTHOP_QUEUE_URL: 'https://queue',
    SPOTHOP_POWER_OFF_COMMAND: 'poweroff',
    SPOTHOP_TIME_FACTOR: '10',
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '1',
  };

  it('is the machine’s, without the agent’s own settings and what its service manager told it alone', async () => {
    const outcome = await run('env', { environment });
    const names = (outcome as { result: string }).result
      .split('\n')
      .map((line) => line.split('=')[0]!)
      .filter((name) => !['', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name));
    expect(names.sort()).toEqual([
      'AWS_REGION',
      'DATABASE',
      'PATH',
      'SPOTHOP_ATTEMPT',
      'SPOTHOP_CHECKPOINT_FILE',
      'SPOTHOP_DEADLINE',
      'SPOTHOP_FLEET',
      'SPOTHOP_INPUT_FILE',
      'SPOTHOP_NOTICE_FILE',
      'SPOTHOP_PROGRESS_FILE',
      'SPOTHOP_REFUSED_FILE',
      'SPOTHOP_RESULT_FILE',
      'SPOTHOP_RESUME_FILE',
      'SPOTHOP_STALE_FILE',
      'SPOTHOP_TASK_ID',
      'SPOTHOP_TIME_FACTOR',
    ]);
  });

  it.runIf(existsSync('/proc/self/oom_score_adj'))('makes it the kernel’s victim before the agent', async () => {
    expect(await run('cat /proc/self/oom_score_adj')).toEqual({ kind: 'done', result: '500\n' });
  });
});

describe('the end of a command', () => {
  it('leaves nothing behind: what it started in the background ends with it', async () => {
    const file = at('background');
    const outcome = await run(`(trap '' TERM; sleep 300) & echo $! > ${file}; echo ok`);
    expect(outcome).toEqual({ kind: 'done', result: 'ok\n' });
    await untilDead(Number(await textOf(file)));
  });

  it.runIf(existsSync('/usr/bin/setsid'))(
    'is not put off by a process that left its group and holds its output',
    async () => {
      const file = at('escaped');
      const command = `setsid sh -c 'echo $$ > ${file}; exec sleep 300' & while [ ! -s ${file} ]; do sleep 0.02; done; echo ok`;
      expect(await run(command)).toEqual({ kind: 'done', result: 'ok\n' });
      process.kill(Number(await textOf(file)), 'SIGKILL');
    },
  );

  it('comes by SIGTERM when it is asked to stop, and may be a success', async () => {
    const file = at('finishing');
    const ask = new AbortController();
    const running = run(`trap 'echo partial; exit 0' TERM; echo $$ > ${file}; while :; do sleep 0.02; done`, {
      signal: ask.signal,
    });
    await textOf(file);
    ask.abort();
    expect(await running).toEqual({ kind: 'done', result: 'partial\n' });
  });

  it('that came because it was asked to is no failure', async () => {
    const file = at('stopping');
    const ask = new AbortController();
    const running = run(`echo $$ > ${file}; exec sleep 300`, { signal: ask.signal });
    await textOf(file);
    ask.abort();
    expect(await running).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
  });

  it('is SIGKILL for the whole group when it does not end by SIGTERM and must end', async () => {
    const file = at('stubborn');
    const ask = new AbortController();
    const kill = new AbortController();
    const command = `trap : TERM; sh -c 'trap "echo yes > ${file}.heard" TERM; echo $$ > ${file}; while :; do sleep 0.02; done' & wait; wait`;
    const running = run(command, { signal: ask.signal, killSignal: kill.signal });
    const pid = Number(await textOf(file));
    ask.abort();
    await textOf(`${file}.heard`);
    expect(isAlive(pid)).toBe(true);
    kill.abort();
    expect((await running).kind).toBe('hand-back');
    await untilDead(pid);
  });

  it.each(['', ' "an argument"', ' $HOME > /dev/null'])(
    'of a single program%s is its own: no shell stays in front',
    async (more) => {
      const file = at(`single${more.length}`);
      const program = join(folder, 'a program');
      writeFileSync(program, `#!/bin/sh\ntrap 'exit 0' TERM\necho $$ > "${file}"\nwhile :; do sleep 0.02; done\n`, {
        mode: 0o755,
      });
      const ask = new AbortController();
      const running = run(`'${program}'${more}`, { signal: ask.signal });
      await textOf(file);
      ask.abort();
      expect(await running).toEqual({ kind: 'done', result: '' });
    },
  );

  it('waits for a program whose shell died of the SIGTERM in front of it, and does not take its exit for a result', async () => {
    const ready = at('behind-a-shell');
    const done = at('behind-a-shell-done');
    const program = at('slow-to-stop');
    writeFileSync(
      program,
      `#!/bin/sh\ntrap 'sleep 0.3; echo saved > "${done}"; exit 0' TERM\necho $$ > "${ready}"\nwhile :; do sleep 0.02; done\n`,
      { mode: 0o755 },
    );
    const ask = new AbortController();
    const running = run(`${program}; echo never`, { signal: ask.signal });
    await textOf(ready);
    ask.abort();
    expect(await running).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    expect(await textOf(done)).toBe('saved');
  });

  it('comes to nobody else: a signal after the end goes nowhere', async () => {
    const ask = new AbortController();
    const kill = new AbortController();
    expect(await run('exit 0', { signal: ask.signal, killSignal: kill.signal })).toEqual({ kind: 'done', result: '' });
    ask.abort();
    kill.abort();
  });
});

describe('fifty commands at once', () => {
  it('have their own groups, folders and results', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        run(
          'n=$(cat "$SPOTHOP_INPUT_FILE"); printf "$n" > "$SPOTHOP_RESULT_FILE"; sleep 0.1; dirname "$SPOTHOP_INPUT_FILE"',
          {
            input: String(number),
          },
        ),
      ),
    );
    expect(outcomes).toEqual(Array.from({ length: 50 }, (_, number) => ({ kind: 'done', result: String(number) })));
    expect(readdirSync(stateFolder)).toEqual([]);
  });

  it('end together when the machine must let go of them', async () => {
    const pids = at('pids');
    mkdirSync(pids);
    const kill = new AbortController();
    const running = Array.from({ length: 20 }, (_, number) =>
      run(`trap '' TERM; echo $$ > ${pids}/${number}; while :; do sleep 1; done`, {
        signal: kill.signal,
        killSignal: kill.signal,
      }),
    );
    const started = await Promise.all(running.map((_, number) => textOf(join(pids, String(number)))));
    kill.abort();
    expect(new Set((await Promise.all(running)).map(({ kind }) => kind))).toEqual(new Set(['hand-back']));
    for (const pid of started) await untilDead(Number(pid));
  });
});

describe('an agent that dies without a word', () => {
  /** A process of its own that runs one command by the runner, to be killed. */
  const startAgent = (command: string, state: string) => {
    const runner = JSON.stringify(new URL('./support/commands.ts', import.meta.url).href);
    const script = `
      const { runCommand } = await import(${runner});
      await runCommand(${JSON.stringify(command)}, { stateFolder: ${JSON.stringify(state)} });`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  };

  it('takes its command, all that this started, and the payload in its folder with it', async () => {
    const file = at('orphan');
    const state = at('state of the dead');
    const child = `trap "" TERM HUP; echo $$ > ${file}; exec sleep 300`;
    const agent = startAgent(`sh -c '${child}' & exec sleep 300`, state);
    const pid = Number(await textOf(file));
    const [name] = readdirSync(state);
    expect(statSync(join(state, name!)).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(state, name!, 'input'), 'utf8')).toBe('{"n":1}');
    expect(statSync(join(state, name!, 'input')).mode & 0o777).toBe(0o600);
    agent.kill('SIGKILL');
    await untilDead(pid);
    await until('its folder is gone', () => readdirSync(state).length === 0);
  });
});
