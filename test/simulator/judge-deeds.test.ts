import { beforeEach, describe, expect, it } from 'vitest';
import type { FleetState } from '../../lib/fleet/fleet.ts';
import type { InstanceId, TaskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { addMs, secondsToMs } from '../../lib/fleet/time.ts';
import { type Deeds, noDeeds, watchDeeds } from '../../lib/simulator/audit/deeds.ts';
import { neglected } from '../../lib/simulator/audit/judge-deeds.ts';
import { createLife, START } from '../../lib/simulator/life/life.ts';
import type { World } from '../../lib/workflows/world.ts';

const MACHINE = 'i-1' as InstanceId;
const life = createLife({ seed: 1 });

const fleetOf = (...ids: readonly InstanceId[]): FleetState =>
  ({
    head: { fleet: life.settings.fleet },
    members: ids.map((instanceId) => ({ instanceId })),
  }) as unknown as FleetState;

/** Drained, without tasks, and not heard for an hour. */
const DRAINED = {
  instanceId: MACHINE,
  fleet: life.settings.fleet,
  launchedAt: START,
  heartbeatAt: START,
  drainingAt: START,
  leases: {},
  signals: {},
  pool: { purchase: 'spot' },
} as unknown as InstanceRecord;

let deeds: Deeds;

beforeEach(() => {
  deeds = noDeeds(START);
  deeds.records.set(MACHINE, { value: DRAINED, at: addMs(START, secondsToMs(3_600)) });
});

const found = async (...reads: readonly FleetState[]): Promise<readonly string[]> => {
  deeds.fleetReads.push(...reads);
  return (await neglected(life, 'reconcile', deeds, [life.settings])).map(
    ({ promise, found }) => `${promise}: ${found}`,
  );
};

describe('a reconcile that read of a machine that it is drained and silent', () => {
  it('has to end it', async () => {
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([
      'N1: i-1 is drained and silent, and was not ended',
    ]);
  });

  it('has nothing to do once it has ended it', async () => {
    deeds.ended.add(MACHINE);
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([]);
  });

  it('has nothing to do when another had ended it, and it was in the fleet no more', async () => {
    expect(await found(fleetOf(MACHINE), fleetOf())).toEqual([]);
  });

  it('has to end it also when it only then came into the fleet', async () => {
    expect(await found(fleetOf(), fleetOf(MACHINE))).toHaveLength(1);
  });

  it('is held to nothing when a call failed', async () => {
    deeds.failures = 1;
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([]);
  });
});

describe('a row that was due', () => {
  const TASK = 'task-1' as TaskId;
  const laterBy = (seconds: number) => addMs(START, secondsToMs(seconds));

  /** A sweep that is told of the task, reads its row as often as there are readings, and leaves it as it was last read. */
  const foundAfter = async (...readings: readonly { at: number; checkAt: number }[]): Promise<readonly string[]> => {
    const reading = readings.values();
    let now = laterBy(0);
    const get = async (): Promise<TaskRecord> => {
      const { at, checkAt } = reading.next().value!;
      now = laterBy(at);
      const row = { taskId: TASK, status: 'running', attempt: 1, checkAt: laterBy(checkAt) } as unknown as TaskRecord;
      rows.set(TASK, row);
      return row;
    };
    const rows = new Map<TaskId, TaskRecord>();
    const port = {} as never;
    const world = watchDeeds(
      {
        clock: { now: () => now },
        tasks: { due: async () => [TASK], get },
        settings: new Map(),
        workQueue: () => port,
        instances: port,
        fleets: port,
        machines: port,
        money: port,
        wakes: port,
      } as unknown as World,
      deeds,
    );
    deeds.records.clear();
    deeds.fleetReads.push(fleetOf(), fleetOf());
    await world.tasks.due(now, 10);
    for (const _ of readings) await world.tasks.get(TASK);
    const lived = { ...life, memory: { ...life.memory, tasks: { ...life.memory.tasks, rows } } };
    const neglects = await neglected(lived, 'reconcile', deeds, [life.settings]);
    return neglects.map(({ promise, found }) => `${promise}: ${found}`);
  };

  it('has to be dealt with', async () => {
    expect(await foundAfter({ at: 10, checkAt: 5 })).toEqual(['W1: task-1 was due, and nothing was done']);
  });

  it('is dealt with when its next look was put off, also by so little that it is due once more soon after', async () => {
    expect(await foundAfter({ at: 10, checkAt: 5 }, { at: 12, checkAt: 11 })).toEqual([]);
  });

  it('asks for nothing when it was not due any more as it was read', async () => {
    expect(await foundAfter({ at: 10, checkAt: 20 })).toEqual([]);
  });
});

describe('a task that is put off while nothing waits for its fleet', () => {
  const TASK = 'task-1' as TaskId;
  const rowOf = (status: string): TaskRecord =>
    ({ taskId: TASK, fleet: life.settings.fleet, status, attempt: 1, checkAt: START }) as unknown as TaskRecord;

  /** A sweep that is told of the task, reads its row, and puts it off. */
  const foundWhen = async (read: TaskRecord, written: TaskRecord): Promise<readonly string[]> => {
    const port = {} as never;
    const world = watchDeeds(
      {
        clock: { now: () => START },
        tasks: {
          due: async () => [TASK],
          get: async () => read,
          apply: async () => ({ outcome: 'done', row: written }),
        },
        settings: new Map(),
        workQueue: () => port,
        instances: port,
        fleets: port,
        machines: port,
        money: port,
        wakes: port,
      } as unknown as World,
      deeds,
    );
    deeds.records.clear();
    deeds.fleetReads.push(fleetOf(), fleetOf());
    await world.tasks.due(START, 10);
    await world.tasks.get(TASK);
    await world.tasks.apply(TASK, { step: 'check-again', attempt: 1, checkAt: addMs(START, secondsToMs(60)) });
    const neglects = await neglected(life, 'reconcile', deeds, [life.settings]);
    return neglects.map(({ promise, found }) => `${promise}: ${found}`);
  };

  it('was ready, and has to be sent', async () => {
    expect(await foundWhen(rowOf('ready'), rowOf('ready'))).toEqual([
      'W4: task-1 is put off, and nothing is known to wait for its fleet',
    ]);
  });

  it('was running as it was read, and given back in between', async () => {
    expect(await foundWhen(rowOf('running'), rowOf('ready'))).toEqual([]);
  });
});
