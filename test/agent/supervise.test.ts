import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDrain } from '../../lib/agent/drain.ts';
import { linuxProcesses, receiversOf } from '../../lib/agent/exec-receivers.ts';
import type { SupervisedNotice, SupervisedProgram } from '../../lib/agent/runner.ts';
import { restartPauseMs, supervise } from '../../lib/agent/supervise.ts';
import { supervisedProgram } from '../../lib/agent/supervised-program.ts';
import type { Hearing } from '../../lib/agent/work.ts';
import type { AgentShared } from '../../lib/agent/world.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { addMs, type EpochMs } from '../../lib/fleet/time.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import { aRecord, START } from '../support/records.ts';
import { isAlive, keptLog, textOf, until, untilDead } from './support/commands.ts';
import { A_SETTINGS, createCloud, createMachine, submit } from './support/machine.ts';

/** `DrainPolicy.marginSeconds` of the tests' settings. */
const MARGIN_MS = A_SETTINGS.drainPolicy.marginSeconds * 1_000;

/** A machine that supervises: its mailbox and desk as far as supervising hears and tells. */
const machine = (clock: Clock, supervised: SupervisedProgram) => {
  const log = keptLog();
  const drain = createDrain();
  let record = aRecord();
  const told: string[] = [];
  const hearing = {
    mailbox: { record: () => record },
    desk: {
      tell: (warning: { readonly kind: string; readonly deadline?: EpochMs }) => {
        told.push(warning.kind);
        drain.begin({ reason: warning.kind, deadline: warning.deadline!, now: clock.now() });
      },
    },
  } as unknown as Hearing;
  const shared = {
    ports: { clock, log, supervised },
    settings: A_SETTINGS,
    instanceId: record.instanceId,
    drain,
  } as unknown as AgentShared;
  let isOver = false;
  const leave = { leave: { at: START, recordedAt: START } };
  return {
    log,
    told,
    start: () => {
      void supervise(shared, hearing).then(() => {
        isOver = true;
      });
    },
    isOver: () => isOver,
    leave: () => {
      record = { ...record, signals: leave };
    },
    stay: () => {
      record = { ...record, signals: {} };
    },
    notice: (deadline: EpochMs, reason = 'spot-interruption') => drain.begin({ reason, deadline, now: clock.now() }),
    force: () => drain.force(),
  };
};

/** A program that does nothing by itself: the test ends it, and hears what is asked of it and when. */
const puppet = (clock: Clock) => {
  const asked: { readonly what: 'start' | 'SIGTERM' | 'SIGKILL'; readonly at: number }[] = [];
  const notices: SupervisedNotice[] = [];
  let end: ((how: { code: number | null; signal: string | null }) => void) | undefined;
  const note = (what: 'start' | 'SIGTERM' | 'SIGKILL'): void => void asked.push({ what, at: clock.now() - START });
  const program: SupervisedProgram = {
    name: 'puppet',
    start: () => {
      note('start');
      return {
        ended: new Promise((resolve) => {
          end = resolve;
        }),
        terminate: () => note('SIGTERM'),
        kill: () => {
          note('SIGKILL');
          end?.({ code: null, signal: 'SIGKILL' });
        },
        notice: (notice) => void notices.push(notice),
      };
    },
  };
  return { program, asked, notices, end: (code: number) => end?.({ code, signal: null }) };
};

const supervised = () => {
  const clock = manualClock(START);
  const program = puppet(clock);
  const all = machine(clock, program.program);
  all.start();
  return { clock, ...program, ...all, whats: () => program.asked.map(({ what }) => what) };
};

describe('a supervised program that ends by itself', () => {
  it('is started again after a second, two, four … up to a minute', async () => {
    const { clock, asked, end } = supervised();
    for (let ends = 0; ends < 9; ends += 1) {
      await clock.advance(0);
      end(1);
      await clock.advance(60_000);
    }
    const starts = asked.map(({ at }) => at);
    const pauses = starts.map((at) => at % 60_000);
    // Each round begins on a whole minute after the last start was at its pause: the eighth pause is the cap itself.
    expect(pauses.slice(0, 7)).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    expect([1, 2, 3, 4, 5, 6, 7, 8, 60].map(restartPauseMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('is started at once after a second only, when it had run for a minute', async () => {
    const { clock, asked, end } = supervised();
    for (let ends = 0; ends < 3; ends += 1) {
      await clock.advance(60_000);
      end(1);
      await clock.advance(1_000);
    }
    expect(asked.map(({ at }) => at)).toEqual([0, 61_000, 122_000, 183_000]);
  });

  it('has its exit code and the count of its ends told', async () => {
    const { clock, log, end } = supervised();
    await clock.advance(5_000);
    end(7);
    await clock.advance(0);
    expect(log.lines.at(-2)).toEqual({
      message: 'supervised program ended',
      fields: { exitCode: 7, signal: undefined, ranMs: 5_000, ends: 1 },
    });
    expect(log.lines.at(-1)).toEqual({
      message: 'supervised program starts again after a pause',
      fields: { ends: 1, pauseMs: 1_000 },
    });
  });

  it('that cannot even be started is tried again in the same way', async () => {
    const clock = manualClock(START);
    let starts = 0;
    const { log, start } = machine(clock, {
      name: 'none',
      start: () => {
        starts += 1;
        throw new Error('EAGAIN');
      },
    });
    start();
    await clock.advance(3_000);
    expect(starts).toBe(3);
    expect(log.lines.map(({ message }) => message)).toContain('supervised program not started');
  });

  it('is not started again while the machine drains', async () => {
    const { clock, end, notice, isOver, whats } = supervised();
    await clock.advance(0);
    end(1);
    await clock.advance(0);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(100_000);
    expect(whats()).toEqual(['start']);
    expect(isOver()).toBe(true);
  });
});

describe('a drain of a supervised program', () => {
  it('asks it once, at once, and is over when it has ended', async () => {
    const { clock, asked, notices, notice, end, isOver } = supervised();
    await clock.advance(1_000);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(50_000);
    expect(isOver()).toBe(false);
    end(0);
    await clock.advance(0);
    expect(isOver()).toBe(true);
    expect(asked).toEqual([
      { what: 'start', at: 0 },
      { what: 'SIGTERM', at: 1_000 },
    ]);
    expect(notices).toEqual([{ deadline: START + 121_000 - MARGIN_MS, reason: 'spot-interruption' }]);
  });

  it('kills it at deadline − margin, not before and not later', async () => {
    const { clock, asked, notice, isOver } = supervised();
    await clock.advance(0);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(500_000);
    expect(asked.at(-1)).toEqual({ what: 'SIGKILL', at: 120_000 - MARGIN_MS });
    expect(isOver()).toBe(true);
  });

  it('kills it earlier when the deadline comes nearer, and tells it so first', async () => {
    const { clock, asked, notices, notice } = supervised();
    await clock.advance(0);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(10_000);
    notice(addMs(clock.now(), 30_000));
    await clock.advance(500_000);
    expect(asked.at(-1)).toEqual({ what: 'SIGKILL', at: 40_000 - MARGIN_MS });
    expect(notices.map(({ deadline }) => deadline)).toContain(START + 40_000 - MARGIN_MS);
  });

  it('kills it at once when it is forced', async () => {
    const { clock, asked, notice, force } = supervised();
    await clock.advance(0);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(7_000);
    force();
    await clock.advance(0);
    expect(asked.at(-1)).toEqual({ what: 'SIGKILL', at: 7_000 });
  });

  it('is never later than its margin, whenever and however often notices come', async () => {
    const aNotice = fc.record({
      after: fc.integer({ min: 0, max: 60_000 }),
      left: fc.integer({ min: 0, max: 200_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(aNotice, { minLength: 1, maxLength: 5 }), async (notices) => {
        const { clock, asked, notice } = supervised();
        await clock.advance(0);
        let earliest = Number.POSITIVE_INFINITY;
        let firstAt: number | undefined;
        for (const { after, left } of notices) {
          await clock.advance(after);
          if (asked.at(-1)?.what === 'SIGKILL') break;
          firstAt ??= clock.now() - START;
          earliest = Math.min(earliest, Math.max(clock.now() - START, clock.now() - START + left - MARGIN_MS));
          notice(addMs(clock.now(), left));
          await clock.advance(0);
        }
        await clock.advance(1_000_000);
        expect(asked.map(({ what }) => what)).toEqual(['start', 'SIGTERM', 'SIGKILL']);
        expect(asked[1]?.at).toBe(firstAt);
        expect(asked[2]?.at).toBe(earliest);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a supervising machine that is to leave', () => {
  it('asks its program, waits for it however long it takes, and drains when it has ended', async () => {
    const { clock, asked, told, leave, end, isOver } = supervised();
    await clock.advance(0);
    leave();
    await clock.advance(3_600_000);
    expect(asked).toEqual([
      { what: 'start', at: 0 },
      { what: 'SIGTERM', at: 5_000 },
    ]);
    expect(told).toEqual([]);
    end(0);
    await clock.advance(0);
    expect(told).toEqual(['machine-stopping']);
    expect(isOver()).toBe(true);
  });

  it('and is interrupted meanwhile has its program killed at the margin, without a second SIGTERM', async () => {
    const { clock, whats, asked, leave, notice } = supervised();
    await clock.advance(0);
    leave();
    await clock.advance(100_000);
    notice(addMs(clock.now(), 120_000));
    await clock.advance(500_000);
    expect(whats()).toEqual(['start', 'SIGTERM', 'SIGKILL']);
    expect(asked.at(-1)?.at).toBe(220_000 - MARGIN_MS);
  });

  it('and is called back meanwhile starts its program again once that has ended', async () => {
    const { clock, whats, leave, stay, end, isOver } = supervised();
    await clock.advance(0);
    leave();
    await clock.advance(100_000);
    stay();
    end(0);
    await clock.advance(1_000);
    expect(whats()).toEqual(['start', 'SIGTERM', 'start']);
    expect(isOver()).toBe(false);
  });

  it('and whose program is down already starts it no more', async () => {
    const { clock, whats, told, leave, end, isOver } = supervised();
    await clock.advance(0);
    end(1);
    await clock.advance(0);
    leave();
    await clock.advance(1_000);
    expect(whats()).toEqual(['start']);
    expect(told).toEqual(['machine-stopping']);
    expect(isOver()).toBe(true);
  });
});

describe('an agent that supervises', () => {
  it('takes no task of ours, beats all the while, and is drained when its program has ended', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const { program, asked, end } = puppet(clock);
    const {
      start,
      end: agentEnd,
      record,
      agent,
    } = createMachine({
      clock,
      cloud,
      wrap: (ports) => ({ ...ports, supervised: program }),
    });
    await submit(cloud, 'ours');
    start();
    await clock.advance(60_000);
    expect(cloud.tasks.rows.get('ours' as never)?.status).toBe('ready');
    expect(record()?.heartbeatAt).toBeGreaterThanOrEqual(START + 50_000);
    agent.stop();
    await clock.advance(20_000);
    expect(agentEnd()).toBeUndefined();
    end(0);
    await clock.advance(0);
    expect(asked.map(({ what }) => what)).toEqual(['start', 'SIGTERM']);
    expect(agentEnd()).toMatchObject({ reason: 'drained', exitCode: 0 });
  });
});

describe('who takes a SIGTERM that is meant for the program', () => {
  /** Process 1 leads; each process is `[reaction, children]`. */
  const view = (
    processes: Readonly<Record<number, readonly ['caught' | 'ignored' | 'default', readonly number[]]>>,
  ) => ({
    childrenOf: (pid: number) => processes[pid]?.[1] ?? [],
    onTerminate: (pid: number) => processes[pid]?.[0],
  });

  it.each([
    ['the program itself, and not its jobs', { 1: ['caught', [2]], 2: ['caught', []] }, [1]],
    [
      'the program behind a shell that would die of it',
      { 1: ['default', [2, 3]], 2: ['ignored', []], 3: ['caught', [4]], 4: ['caught', []] },
      [3],
    ],
    ['a shell that handles it, and not what it runs', { 1: ['caught', [2]], 2: ['default', []] }, [1]],
    ['the leader, when nobody handles it', { 1: ['default', [2]], 2: ['default', []] }, [1]],
    ['the leader, where processes cannot be seen', {}, [1]],
  ] as const)('%s', (_who, processes, receivers) => {
    expect(receiversOf(view(processes), 1)).toEqual(receivers);
  });

  it.runIf(existsSync('/proc/self/task'))('is read from the kernel where it shows it', () => {
    const listener = (): void => undefined;
    process.on('SIGTERM', listener);
    expect(linuxProcesses.onTerminate(process.pid)).toBe('caught');
    process.off('SIGTERM', listener);
    expect(linuxProcesses.onTerminate(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('another system’s worker under the agent (X2)', () => {
  const WORKER = fileURLToPath(new URL('./support/foreign-worker.ts', import.meta.url));
  /** Service time runs ten times as fast, so that a notice of two minutes takes twelve seconds. */
  const clock = wallClock({ timeFactor: 10, originMs: 0 });
  let root: string;
  let jobsMade = 0;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'spothop-supervise-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const startWorker = async (shape: (command: string) => string = (command) => command) => {
    jobsMade += 1;
    const jobs = join(root, `jobs ${jobsMade}`);
    const stateFolder = join(root, `state ${jobsMade}`);
    mkdirSync(jobs);
    const all = machine(
      clock,
      supervisedProgram({
        command: shape(`'${process.execPath}' '${WORKER}' '${jobs}'`),
        environment: { PATH: process.env['PATH'], SPOTHOP_QUEUE_URL: 'https://queue', HOME: root },
        fleet: 'index',
        stateFolder,
        clock,
        log: keptLog(),
      }),
    );
    all.start();
    const file = (name: string): string => join(jobs, name);
    const pid = Number(await textOf(file('ready')));
    const job = async (name: string, command: string): Promise<number> => {
      writeFileSync(file(`.${name}`), command);
      renameSync(file(`.${name}`), file(`${name}.job`));
      return Number(await textOf(file(`${name}.started`)));
    };
    const over = () => until('supervising is over', all.isOver);
    return { ...all, pid, job, file, stateFolder, over };
  };

  it('is told its fleet, its machine and where its notice will be, and none of the agent’s settings', async () => {
    const { job, file, notice, over, stateFolder } = await startWorker();
    await job('environment', 'env | grep SPOTHOP | sort > told');
    await textOf(file('environment.done'));
    const told = readFileSync(file('told'), 'utf8').trim().split('\n');
    expect(told).toEqual([
      'SPOTHOP_FLEET=index',
      `SPOTHOP_INSTANCE_ID=${aRecord().instanceId}`,
      expect.stringContaining(`SPOTHOP_NOTICE_FILE=${stateFolder}`),
    ]);
    notice(addMs(clock.now(), 120_000));
    await over();
  });

  it('is started again after a crash', async () => {
    const { pid, file, log, notice, over } = await startWorker();
    rmSync(file('ready'));
    process.kill(pid, 'SIGKILL');
    const next = Number(await textOf(file('ready')));
    expect(next).not.toBe(pid);
    expect(log.lines.find(({ message }) => message === 'supervised program ended')?.fields).toMatchObject({
      signal: 'SIGKILL',
      ends: 1,
    });
    notice(addMs(clock.now(), 120_000));
    await over();
    await untilDead(next);
  });

  it('has its notice in a file, finishes its job, takes no other, and leaves nothing behind', async () => {
    const { pid, job, file, notice, over, log, stateFolder } = await startWorker();
    const notices = `"$SPOTHOP_NOTICE_FILE"`;
    await job(
      'long',
      `until [ -e ${notices} ]; do sleep 0.02; done; cp ${notices} seen; sleep 0.2; echo finished > out`,
    );
    notice(addMs(clock.now(), 120_000));
    await textOf(file('seen'));
    writeFileSync(file('late.job'), 'echo late > late');
    await over();
    expect(readFileSync(file('out'), 'utf8')).toBe('finished\n');
    expect(JSON.parse(readFileSync(file('seen'), 'utf8'))).toMatchObject({ reason: 'spot-interruption' });
    expect(readFileSync(file('long.done'), 'utf8')).toBe('0\n');
    expect(existsSync(file('late'))).toBe(false);
    expect(log.lines.at(-1)).toMatchObject({ message: 'supervised program ended', fields: { exitCode: 0 } });
    expect(isAlive(pid)).toBe(false);
    expect(readdirSync(stateFolder)).toEqual([]);
  });

  it('is drained behind a shell that stays in front of it, whatever that shell is', async () => {
    const { job, file, notice, over } = await startWorker((command) => `cd / && ${command}; exit $?`);
    await job('long', 'sleep 0.4; echo finished > out');
    notice(addMs(clock.now(), 120_000));
    await over();
    expect(readFileSync(file('long.done'), 'utf8')).toBe('0\n');
  });

  it('that does not end in time is killed with its job, before the margin is touched', async () => {
    const { pid, job, notice, over } = await startWorker();
    const jobPid = await job('endless', `trap '' TERM HUP; while :; do sleep 0.05; done`);
    const deadline = addMs(clock.now(), 20_000);
    notice(deadline);
    await over();
    expect(clock.now()).toBeGreaterThanOrEqual(deadline - MARGIN_MS);
    await untilDead(pid);
    await untilDead(jobPid);
  });

  it('does not outlive an agent that dies without a word, nor do its jobs', async () => {
    const jobs = join(root, 'jobs of the dead');
    mkdirSync(jobs);
    writeFileSync(join(jobs, 'endless.job'), `trap '' TERM HUP; while :; do sleep 0.05; done`);
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      const { supervisedProgram } = await import(${url('../../lib/agent/supervised-program.ts')});
      const { clock, keptLog } = await import(${url('./support/commands.ts')});
      const command = ${JSON.stringify(`'${process.execPath}' '${WORKER}' '${jobs}'`)};
      const environment = { PATH: process.env.PATH };
      const stateFolder = ${JSON.stringify(join(root, 'state of the dead'))};
      const program = supervisedProgram({ command, environment, fleet: 'index', stateFolder, clock, log: keptLog() });
      await (await program.start({ instanceId: 'i-1' })).ended;`;
    const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const pids = [Number(await textOf(join(jobs, 'ready'))), Number(await textOf(join(jobs, 'endless.started')))];
    agent.kill('SIGKILL');
    for (const pid of pids) await untilDead(pid);
    await until('its folder is gone', () => readdirSync(join(root, 'state of the dead')).length === 0);
  });

  it('and the machine’s leaving: it ends when it has finished, and then the machine drains', async () => {
    const { job, file, leave, over, told } = await startWorker();
    await job('long', 'sleep 0.3');
    leave();
    await over();
    expect(readFileSync(file('long.done'), 'utf8')).toBe('0\n');
    expect(told).toEqual(['machine-stopping']);
  });
});
