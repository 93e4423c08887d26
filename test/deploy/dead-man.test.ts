import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEAD_MAN_PATH, DEAD_MAN_SCRIPT, DEAD_MAN_SERVICE, DEAD_MAN_TIMER } from '../../deploy/dead-man.ts';

const MINUTE = 60;
const HOUR = 3_600;

describe('the dead-man’s timer (N1)', () => {
  let folder: string;
  let script: string;

  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string | undefined): void => {
    rmSync(path(name), { force: true });
    if (text !== undefined) writeFileSync(path(name), text);
  };

  interface Machine {
    readonly upSeconds: number | string;
    /** What the agent wrote with its last answered heartbeat. */
    readonly alive?: string;
    /** The uptime at the timer's look before this one; a minute ago unless said otherwise. */
    readonly looked?: string | undefined;
    readonly settings?: string;
  }

  /** One look at a machine: whether it powered it off. */
  const look = (machine: Machine): boolean => {
    const before = typeof machine.upSeconds === 'number' ? String(machine.upSeconds - MINUTE) : undefined;
    write('uptime', typeof machine.upSeconds === 'number' ? `${machine.upSeconds}.37 1.00\n` : machine.upSeconds);
    write('alive', machine.alive);
    write('looked', 'looked' in machine ? machine.looked : before);
    write('settings', machine.settings);
    write('off', undefined);
    run();
    return existsSync(path('off'));
  };

  const run = (changes: Record<string, string> = {}) =>
    spawnSync('sh', [script], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        SPOTHOP_UPTIME_FILE: path('uptime'),
        SPOTHOP_ALIVE_FILE: path('alive'),
        SPOTHOP_LOOKED_FILE: path('looked'),
        SPOTHOP_SETTINGS_FILE: path('settings'),
        SPOTHOP_DEAD_MAN_COMMAND: `touch ${path('off')}`,
        ...changes,
      },
    });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-dead-man-'));
    script = path('dead-man.sh');
    writeFileSync(script, `${DEAD_MAN_SCRIPT.join('\n')}\n`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  beforeEach(() => {
    for (const name of ['uptime', 'alive', 'looked', 'settings', 'off']) write(name, undefined);
  });

  it('leaves a machine alone whose agent was heard', () => {
    expect(look({ upSeconds: 5_000, alive: '4995\n' })).toBe(false);
  });

  it.each([
    [899, false],
    [900, true],
    [6 * HOUR, true],
  ])('after %d s without an answered heartbeat: powered off is %s', (silentSeconds, isOff) => {
    expect(look({ upSeconds: 10_000 + silentSeconds, alive: '10000\n' })).toBe(isOff);
  });

  it.each([
    [14 * MINUTE, false],
    [15 * MINUTE, true],
  ])('an agent that was never heard %d s after the boot: powered off is %s', (upSeconds, isOff) => {
    expect(look({ upSeconds })).toBe(isOff);
  });

  it.each(['', 'now', '-5', '99999999999999999999', '0x20', '$(touch off)'])(
    'a file that holds %j was not written by an agent that lives',
    (alive) => {
      expect(look({ upSeconds: 5_000, alive })).toBe(true);
    },
  );

  it('a pipe that a worker put there is not waited for', () => {
    spawnSync('mkfifo', [path('pipe')]);
    write('uptime', '5000.00 1.00\n');
    write('looked', '4940\n');
    run({ SPOTHOP_ALIVE_FILE: path('pipe') });
    expect(existsSync(path('off'))).toBe(true);
  });

  it('a figure of another boot says nothing about this one', () => {
    expect(look({ upSeconds: 16 * MINUTE, alive: '80000\n' })).toBe(true);
    expect(look({ upSeconds: 5 * MINUTE, alive: '80000\n' })).toBe(false);
  });

  it('no setting of the clock moves it: it never asks for the date', () => {
    expect(DEAD_MAN_SCRIPT.join('\n')).not.toMatch(/\bdate\b|\bstat\b|-mtime|-newer/);
  });

  it('the first look after the boot only notes its time', () => {
    expect(look({ upSeconds: 20 * MINUTE, looked: undefined })).toBe(false);
    expect(readFileSync(path('looked'), 'utf8')).toBe('1200\n');
    run();
    expect(existsSync(path('off'))).toBe(false);
    write('uptime', `${21 * MINUTE}.00 1.00\n`);
    run();
    expect(existsSync(path('off'))).toBe(true);
  });

  it('after a standstill the agent is given a minute to be heard again', () => {
    const resumed = { upSeconds: 10 * HOUR, alive: String(2 * HOUR) };
    expect(look({ ...resumed, looked: String(2 * HOUR) })).toBe(false);
    expect(look({ ...resumed, looked: String(10 * HOUR - MINUTE) })).toBe(true);
  });

  it('judges all the same when it cannot note its time', () => {
    write('uptime', '5000.00 1.00\n');
    expect(run({ SPOTHOP_LOOKED_FILE: '/dev/null/looked' }).status).toBe(0);
    expect(existsSync(path('off'))).toBe(true);
  });

  it('an uptime that cannot be read is an error that the service manager shows', () => {
    write('settings', '');
    const { status, stderr } = run();
    expect({ status, stderr, isOff: existsSync(path('off')) }).toEqual({
      status: 1,
      stderr: 'the uptime cannot be read\n',
      isOff: false,
    });
  });

  it('says why', () => {
    write('uptime', '5000.00 1.00\n');
    write('looked', '4940\n');
    expect(run().stderr).toContain('no heartbeat was answered for 5000 s');
  });

  describe('the maximum age', () => {
    const heardAt = (upSeconds: number): Pick<Machine, 'upSeconds' | 'alive'> => ({
      upSeconds,
      alive: String(upSeconds - 3),
    });

    it.each([
      // Hours, the drain window, and the seven minutes in which an agent that lives has powered off by itself.
      ['SPOTHOP_MAXIMUM_AGE_HOURS=24', 24 * HOUR + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=0.25', 15 * MINUTE + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=1.08', 3_888 + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=8760', 8_760 * HOUR + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=1\nSPOTHOP_DRAIN_WINDOW_SECONDS=600', HOUR + 600 + 420],
      ['SPOTHOP_FLEET=index', 24 * HOUR + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=forever', 24 * HOUR + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=08', 24 * HOUR + 120 + 420],
      ['SPOTHOP_MAXIMUM_AGE_HOURS=1.2.3', 24 * HOUR + 120 + 420],
    ])('of %j is over after %d s', (settings, oldest) => {
      expect(look({ ...heardAt(oldest - 1), settings })).toBe(false);
      expect(look({ ...heardAt(oldest), settings })).toBe(true);
    });

    it('is over at the same second as by other arithmetic, whatever the hours', () => {
      fc.assert(
        fc.property(fc.integer({ min: 250, max: 100_000 }), (thousandths) => {
          const settings = `SPOTHOP_MAXIMUM_AGE_HOURS=${thousandths / 1_000}\n`;
          const oldest = Math.floor(thousandths * 3.6 + 1e-6) + 120 + 420;
          return !look({ ...heardAt(oldest - 1), settings }) && look({ ...heardAt(oldest), settings });
        }),
        { numRuns: 100 },
      );
    });
  });

  it('executes nothing of the file that holds the settings', () => {
    const mark = path('executed');
    const settings = [
      `SPOTHOP_EXEC=$(touch ${mark})`,
      `touch ${mark}`,
      `SPOTHOP_MAXIMUM_AGE_HOURS=\`touch ${mark}\``,
      `SPOTHOP_DRAIN_WINDOW_SECONDS=a[$(touch ${mark})]`,
    ].join('\n');
    expect(look({ upSeconds: 5_000, alive: '4999', settings })).toBe(false);
    expect(existsSync(mark)).toBe(false);
  });

  it('finds the agent’s file where the settings say', () => {
    write('elsewhere', '4999\n');
    write('uptime', '5000.00 1.00\n');
    write('looked', '4940\n');
    write('settings', `SPOTHOP_ALIVE_FILE=${path('elsewhere')}\n`);
    run({ SPOTHOP_ALIVE_FILE: '' });
    expect(existsSync(path('off'))).toBe(false);
  });

  it('is started every minute, counted from the boot and never by the calendar', () => {
    expect(DEAD_MAN_TIMER).toContain('OnBootSec=60');
    expect(DEAD_MAN_TIMER).toContain('OnUnitActiveSec=60');
    expect(DEAD_MAN_TIMER.join('\n')).not.toContain('OnCalendar');
    expect(DEAD_MAN_SERVICE).toContain(`ExecStart=/bin/sh ${DEAD_MAN_PATH}`);
  });

  it('fits into user data beside everything else', () => {
    const text = [...DEAD_MAN_SCRIPT, ...DEAD_MAN_SERVICE, ...DEAD_MAN_TIMER].join('\n');
    expect(Buffer.byteLength(text)).toBeLessThan(3_000);
  });
});
