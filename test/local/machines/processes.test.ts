import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createProcessHost, type ProcessHost } from '../../../lib/local/machines/processes.ts';

let folder: string;
let host: ProcessHost;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-processes-'));
  host = createProcessHost();
});
afterEach(async () => {
  await host.close();
  host = createProcessHost();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process with a child; both say their ids, and neither heeds SIGTERM. */
const STUBBORN_FAMILY = `
  const { spawn } = require('node:child_process');
  process.on('SIGTERM', () => console.log('heard'));
  const child = spawn('/bin/sh', ['-c', 'trap "" TERM; sleep 600 & wait; wait'], { stdio: 'ignore' });
  console.log('family', process.pid, child.pid);
  setInterval(() => {}, 1000);
`;

const start = (name: string, script: string) => {
  const logPath = join(folder, `${name}.log`);
  const started = host.start({
    executable: process.execPath,
    arguments: ['-e', script],
    environment: { ONLY: 'this' },
    folder,
    logPath,
  });
  return { started, logPath };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process that was killed is alive to `kill -0` until whoever adopted it has reaped it. */
const isGone = (pid: number): boolean => {
  if (!isAlive(pid)) return true;
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.startsWith('Z');
  } catch {
    return true;
  }
};

const logSays = (logPath: string, expected: RegExp): Promise<RegExpExecArray> =>
  vi.waitFor(() => {
    const found = expected.exec(readFileSync(logPath, 'utf8'));
    if (!found) throw new Error(`not yet in ${logPath}: ${expected}`);
    return found;
  }, 10_000);

test('a killed process takes its children with it', async () => {
  const { started, logPath } = start('family', STUBBORN_FAMILY);
  const [, parent, child] = await logSays(logPath, /family (\d+) (\d+)/);
  started.terminate();
  await logSays(logPath, /heard/);
  expect(isAlive(Number(child))).toBe(true);
  started.kill();
  expect(await started.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await vi.waitFor(() => expect([isGone(Number(parent)), isGone(Number(child))]).toEqual([true, true]), 10_000);
});

test('children of a process that ends by itself end too', async () => {
  const { started, logPath } = start('orphans', `${STUBBORN_FAMILY}; setTimeout(() => process.exit(3), 50)`);
  const [, , child] = await logSays(logPath, /family (\d+) (\d+)/);
  expect(await started.ended).toEqual({ code: 3, signal: null });
  await vi.waitFor(() => expect(isGone(Number(child))).toBe(true), 10_000);
});

test('a process sees only the environment it was given', async () => {
  const { started, logPath } = start('environment', 'console.log(JSON.stringify(Object.keys(process.env)))');
  expect(await started.ended).toEqual({ code: 0, signal: null });
  expect(JSON.parse(readFileSync(logPath, 'utf8'))).toEqual(['ONLY']);
});

test('a program that cannot be started ends with 127, as in a shell', async () => {
  const started = host.start({
    executable: join(folder, 'no-such-program'),
    arguments: [],
    environment: {},
    folder,
    logPath: join(folder, 'missing.log'),
  });
  expect(await started.ended).toEqual({ code: 127, signal: null });
});

test('closing kills what is left', async () => {
  const { logPath } = start('left', STUBBORN_FAMILY);
  const [, parent, child] = await logSays(logPath, /family (\d+) (\d+)/);
  await host.close();
  await vi.waitFor(() => expect([isGone(Number(parent)), isGone(Number(child))]).toEqual([true, true]), 10_000);
});

test('machines end even when the local cloud itself is killed', async () => {
  const logPath = join(folder, 'guarded.log');
  const module = resolve(import.meta.dirname, '../../../lib/local/machines/processes.ts');
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { createProcessHost } = await import(${JSON.stringify(module)});
       const host = createProcessHost();
       const ended = host.start({ executable: process.execPath, arguments: ['-e', ''], environment: {}, folder: '/', logPath: '/dev/null' });
       await ended.ended;
       host.start({ executable: process.execPath, arguments: ['-e', ${JSON.stringify(STUBBORN_FAMILY)}], environment: {}, folder: '/', logPath: ${JSON.stringify(logPath)} });
       console.log('started');
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(owner.stdout, 'data');
  const [, parent, child] = await logSays(logPath, /family (\d+) (\d+)/);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await vi.waitFor(() => expect([isGone(Number(parent)), isGone(Number(child))]).toEqual([true, true]), 10_000);
});
