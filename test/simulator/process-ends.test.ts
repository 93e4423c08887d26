import { beforeEach, describe, expect, it } from 'vitest';
import type { Life } from '../../lib/simulator/life/life.ts';
import type { HostedMachine } from '../../lib/simulator/life/machine-host.ts';
import { noteProcessEnd, noteProcessStart } from '../../lib/simulator/life/process-ends.ts';

const MACHINE = { instanceId: 'i-1' } as unknown as HostedMachine;

let leases: Record<string, number>;
let life: Life;

/** As many tasks as there are names are taken by the machine, each at its first attempt; those in `leases` are held. */
const withTaken = (...names: readonly string[]): void => {
  const rows = names.map((taskId) => [taskId, { taskId, status: 'running', owner: 'i-1', attempt: 1 }] as const);
  leases = {};
  life = {
    memory: { tasks: { rows: new Map(rows) }, instances: { records: new Map([['i-1', { leases }]]) } },
    workload: new Map(names.map((taskId) => [taskId, { truth: { failures: 0 } }])),
    blamed: new Map(),
  } as unknown as Life;
};

const failures = (): readonly number[] => [...life.workload.values()].map(({ truth }) => truth.failures);

/** What is counted by the time that the next process has looked, where so many holds land only after the first has ended. */
const endAndStart = (...late: readonly string[]): readonly number[] => {
  noteProcessEnd(life, MACHINE);
  for (const id of late) leases[id] = 1;
  noteProcessStart(life, MACHINE);
  return failures();
};

describe('the end of a process is the failure', () => {
  beforeEach(() => withTaken('a', 'b'));

  it('of the only task that it held', () => {
    leases.a = 1;
    expect(endAndStart()).toEqual([1, 0]);
  });

  it('of the only task that it had taken', () => {
    withTaken('a');
    expect(endAndStart()).toEqual([1]);
  });

  it('of the only task whose hold landed after it', () => {
    expect(endAndStart('b')).toEqual([0, 1]);
  });

  it('of the one whose hold landed after it, and let go of the other', () => {
    leases.a = 1;
    noteProcessEnd(life, MACHINE);
    delete leases.a;
    leases.b = 1;
    noteProcessStart(life, MACHINE);
    // The auditor cannot take back what it has counted: it allows for more failures than there were, never for fewer.
    expect(failures()).toEqual([1, 1]);
  });

  it('of none where two holds landed after it', () => {
    expect(endAndStart('a', 'b')).toEqual([0, 0]);
  });

  it('of none of the tasks that it had taken and nobody ever held', () => {
    expect(endAndStart()).toEqual([0, 0]);
  });

  it('once, however often the next process starts', () => {
    endAndStart('b');
    noteProcessStart(life, MACHINE);
    expect(failures()).toEqual([0, 1]);
  });
});
