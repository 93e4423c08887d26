import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SupervisedRun } from '../../lib/agent/runner.ts';
import { supervisedProgram } from '../../lib/agent/supervised-program.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { instanceId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { run } from '../cli/support.ts';
import { eventually, silentLog } from './support/command.ts';

const FOLDER = new URL('../../examples/supervised-worker/', import.meta.url);
const WORKER = fileURLToPath(new URL('folder-worker.ts', FOLDER));
const MACHINE = { instanceId: instanceId('i-0123456789abcdef0') };

let jobs: string;
let running: SupervisedRun | undefined;
beforeEach(() => {
  jobs = mkdtempSync(join(tmpdir(), 'spothop-supervised-'));
  mkdirSync(join(jobs, 'waiting'));
});
afterEach(async () => {
  running?.kill();
  await running?.ended;
  running = undefined;
  rmSync(jobs, { recursive: true, force: true });
});

const addJob = (name: string, milliseconds: number): void =>
  writeFileSync(join(jobs, 'waiting', name), JSON.stringify({ milliseconds }));

const names = (state: string): string[] => (existsSync(join(jobs, state)) ? readdirSync(join(jobs, state)).sort() : []);

const start = async (): Promise<SupervisedRun> => {
  const program = supervisedProgram({
    command: `exec ${process.execPath} ${WORKER} ${jobs}`,
    environment: { PATH: process.env['PATH'] },
    fleet: 'flows',
    clock: wallClock(),
    log: silentLog,
  });
  running = await program.start(MACHINE);
  return running;
};

it('a worker of another system fetches its own work, and drains by SIGTERM: what runs is finished, nothing more is taken', async () => {
  addJob('1-quick.json', 1);
  addJob('2-longer.json', 400);
  addJob('3-later.json', 1);
  const worker = await start();
  await eventually(() => names('running').includes('2-longer.json'));
  worker.notice?.({ deadline: epochMs(Date.UTC(2026, 0, 1)), reason: 'spot-interruption' });
  worker.terminate();
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(names('done')).toEqual(['1-quick.json', '2-longer.json']);
  expect(names('waiting')).toEqual(['3-later.json']);
  expect(names('running')).toEqual([]);
});

it('one that does not come to an end in time is killed, and its own system must run that work again', async () => {
  addJob('endless.json', 3_600_000);
  const worker = await start();
  await eventually(() => names('running').includes('endless.json'));
  worker.terminate();
  worker.kill();
  expect((await worker.ended).signal).toBe('SIGKILL');
  expect(names('running')).toEqual(['endless.json']);
});

it('its fleet file has nothing to complain about', async () => {
  const file = fileURLToPath(new URL('spothop.yml', FOLDER));
  const { stdout, code } = await run(['fleet', 'check', file], { [file]: readFileSync(file, 'utf8') });
  expect({ stdout, code }).toMatchObject({ stdout: expect.stringContaining('0 warnings'), code: 0 });
});
