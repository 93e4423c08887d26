import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aliveFile } from '../../lib/agent/alive-file.ts';
import { START } from '../support/records.ts';
import { createMachine, newItem, seconds } from './support/machine.ts';

describe('the file that the dead-man’s timer reads', () => {
  let folder: string;
  let complaints: string[];
  const write = (message: string): void => void complaints.push(message);
  const log = { debug: write, info: write, warn: write, error: write };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-alive-'));
    complaints = [];
  });
  afterEach(() => {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true });
  });

  it('holds the uptime in whole seconds, and nothing lies about beside it', () => {
    let uptime = 4_995.37;
    const tell = aliveFile(join(folder, 'alive'), log, () => uptime);
    tell();
    expect(readFileSync(join(folder, 'alive'), 'utf8')).toBe('4995\n');
    uptime = 5_000;
    tell();
    expect(readFileSync(join(folder, 'alive'), 'utf8')).toBe('5000\n');
    expect(readdirSync(folder)).toEqual(['alive']);
  });

  it('is the machine’s own uptime unless a test says otherwise', () => {
    aliveFile(join(folder, 'alive'), log)();
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    expect(Math.abs(Number(readFileSync(join(folder, 'alive'), 'utf8')) - uptime)).toBeLessThan(5);
  });

  it('that cannot be written is complained of once, and the agent goes on', () => {
    mkdirSync(join(folder, 'alive'));
    const tell = aliveFile(join(folder, 'alive'), log);
    tell();
    tell();
    expect(complaints).toEqual([
      'the dead-man’s timer cannot be told that this agent lives, and will power its machine off',
    ]);
  });

  it('is not missed where its folder is not: there is no timer then', () => {
    aliveFile(join(folder, 'nowhere', 'alive'), log)();
    expect(complaints).toEqual([]);
  });
});

describe('an agent tells that it lives (N1)', () => {
  const machineThatTells = (options: Parameters<typeof createMachine>[0] = {}) => {
    const toldAt: number[] = [];
    const machine = createMachine({
      ...options,
      wrap: (ports) => ({
        ...(options.wrap?.(ports) ?? ports),
        tellAlive: () => void toldAt.push((ports.clock.now() - START) / 1_000),
      }),
    });
    return { ...machine, toldAt };
  };

  it('with every heartbeat that is answered', async () => {
    const machine = machineThatTells();
    machine.start();
    await machine.clock.advance(seconds(20));
    expect(machine.toldAt).toEqual([0, 5, 10, 15, 20]);
  });

  it('not while its heartbeats fail', async () => {
    const machine = machineThatTells();
    machine.start();
    await machine.clock.advance(seconds(12));
    machine.cloud.instances.heartbeat = async () => {
      throw new Error('no network');
    };
    await machine.clock.advance(seconds(300));
    expect(machine.toldAt).toEqual([0, 5, 10]);
  });

  it('not when its item has gone', async () => {
    const machine = machineThatTells();
    machine.start();
    await machine.clock.advance(seconds(7));
    machine.cloud.instances.heartbeat = async () => ({ outcome: 'refused', because: 'no-item', record: undefined });
    await machine.clock.advance(seconds(60));
    expect(machine.toldAt).toEqual([0, 5]);
  });

  it('not before it has an item', async () => {
    const machine = machineThatTells({ hasItem: false });
    machine.start();
    await machine.clock.advance(seconds(60));
    expect(machine.toldAt).toEqual([]);
    await machine.cloud.instances.create(newItem());
    await machine.clock.advance(seconds(5));
    expect(machine.toldAt.length).toBeGreaterThan(0);
  });
});
