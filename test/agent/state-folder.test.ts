import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderMachineState } from '../../lib/agent/state-folder.ts';
import { instanceId, sessionId } from '../../lib/fleet/ids.ts';

const ID = instanceId('i-00000000000000001');
const OTHER_ID = instanceId('i-00000000000000002');

let folder: string;
let warned: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-state-'));
  warned = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state = (where = folder) => {
  const warn = (message: string): void => void warned.push(message);
  return folderMachineState({ folder: where, log: { debug: () => {}, info: () => {}, warn, error: () => {} } });
};

/** Another process that takes the lock, says whether it got it, and stays. */
const startHolder = async () => {
  const script = `
    import { folderMachineState } from ${JSON.stringify(new URL('../../lib/agent/state-folder.ts', import.meta.url).href)};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const state = folderMachineState({ folder: ${JSON.stringify(folder)}, log });
    process.stdout.write(String(await state.takeLock(${JSON.stringify(ID)})));
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString() };
};

describe('the lock of a machine', () => {
  it('is had by one agent of a machine, and by others on other machines of the same host (F65)', async () => {
    expect(await state().takeLock(ID)).toBe(true);
    expect(await state().takeLock(ID)).toBe(false);
    expect(await state().takeLock(OTHER_ID)).toBe(true);
    expect(await state(join(folder, 'elsewhere')).takeLock(ID)).toBe(true);
  });

  it('ends with the process that has it, SIGKILL included', async () => {
    const holder = await startHolder();
    expect(holder.said).toBe('true');
    expect(await state().takeLock(ID)).toBe(false);
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    expect(await state().takeLock(ID)).toBe(true);
  });
});

describe('the session of a machine', () => {
  it('is found again by whoever comes next, and readable by its user alone', async () => {
    const where = join(folder, 'made', 'when', 'needed');
    expect(await state(where).readSession(ID)).toBeUndefined();
    await state(where).keepSession(ID, sessionId('session-1'));
    expect(await state(where).readSession(ID)).toBe('session-1');
    const path = join(where, `session-${ID}.json`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(where).mode & 0o777).toBe(0o700);
    expect(readFileSync(path, 'utf8')).toBe('{"session":"session-1"}');
  });

  it('is that of its own machine only', async () => {
    await state().keepSession(ID, sessionId('session-1'));
    expect(await state().readSession(OTHER_ID)).toBeUndefined();
  });

  it('that was cut or is no session is as good as none, and is said', async () => {
    for (const text of ['', '{"session":', '{"session":""}', '{}', 'null']) {
      writeFileSync(join(folder, `session-${ID}.json`), text);
      expect(await state().readSession(ID), text).toBeUndefined();
    }
    expect(warned.length).toBeGreaterThan(0);
  });

  it('that cannot be kept is said, and costs nothing else', async () => {
    writeFileSync(join(folder, 'file'), '');
    const where = join(folder, 'file', 'below');
    await state(where).keepSession(ID, sessionId('session-1'));
    expect(warned.join()).toContain('SPOTHOP_STATE_DIR');
    expect(await state(where).takeLock(ID)).toBe(true);
  });
});
