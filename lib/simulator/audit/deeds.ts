import type { FleetState } from '../../fleet/fleet.ts';
import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { Backlog } from '../../ports/queues.ts';
import type { World } from '../../workflows/world.ts';

/** Something that was read, and when its reader had it. */
export interface Seen<Value> {
  readonly value: Value;
  readonly at: EpochMs;
}

/** All that one run of a function has seen and done, as it saw it itself. */
export interface Deeds {
  readonly startedAt: EpochMs;
  /** Calls that failed: what was to be done may not have been done, and nobody is to blame. */
  failures: number;
  /** Items as they were last read, or as a write on them answered. */
  readonly records: Map<InstanceId, Seen<InstanceRecord>>;
  readonly fleetReads: FleetState[];
  described?: readonly DescribedMachine[];
  /** Rows that were due, as they were read then. */
  readonly due: Set<TaskId>;
  readonly rows: Map<TaskId, Seen<TaskRecord>>;
  readonly released: Set<TaskId>;
  readonly sent: Set<TaskId>;
  readonly ended: Set<InstanceId>;
  /** Machines that began to drain by a write of this run. */
  readonly drained: Set<InstanceId>;
  /** Messages that waited, were in flight or delayed, as they were counted. */
  backlog?: Backlog;
  /** Plans that were kept, in words. */
  readonly plans: string[];
  /** When its fleet is to be woken, once for each asking. */
  readonly wakesAt: EpochMs[];
}

export const noDeeds = (startedAt: EpochMs): Deeds => ({
  startedAt,
  failures: 0,
  records: new Map(),
  fleetReads: [],
  due: new Set(),
  rows: new Map(),
  released: new Set(),
  sent: new Set(),
  ended: new Set(),
  drained: new Set(),
  plans: [],
  wakesAt: [],
});

/** Kinds that the service itself decides to write. */
const OWN_KINDS: readonly SignalKind[] = ['operator-drain', 'leave'];

type Noted<Port> = { readonly [Name in keyof Port]?: Port[Name] };

/** The port with some of its methods noted, and every failure of any of them counted. */
const noting = <Port extends object>(deeds: Deeds, port: Port, noted: Noted<Port>): Port => {
  const counted: Record<string, unknown> = {};
  for (const [name, member] of Object.entries({ ...port, ...noted }) as [string, unknown][]) {
    if (typeof member !== 'function') {
      counted[name] = member;
      continue;
    }
    counted[name] = (...args: readonly unknown[]): unknown => {
      const answer: unknown = member(...args);
      if (answer instanceof Promise) answer.catch(() => (deeds.failures += 1));
      return answer;
    };
  }
  return counted as Port;
};

/** The same world, in which everything that is seen and done is noted. */
export const watchDeeds = (world: World, deeds: Deeds): World => {
  const { clock, instances, tasks, fleets, machines, wakes } = world;
  const see = (record: InstanceRecord | undefined): InstanceRecord | undefined => {
    if (record !== undefined) deeds.records.set(record.instanceId, { value: record, at: clock.now() });
    return record;
  };
  const send: ReturnType<World['workQueue']>['send'] = async (id, delaySeconds) => {
    await queue.send(id, delaySeconds);
    deeds.sent.add(id);
  };
  const queue = world.workQueue([...world.settings.keys()][0]!);
  // Beside the call, and not in its way: whoever counts waits not a moment longer.
  const backlog = (): Promise<Backlog> => {
    const answer = queue.backlog();
    const note = (counted: Backlog): void => {
      deeds.backlog = counted;
    };
    void answer.then(note, () => undefined);
    return answer;
  };
  const watchedQueue = noting(deeds, queue, { send, backlog });
  return {
    ...world,
    instances: noting(deeds, instances, {
      get: async (id) => see(await instances.get(id)),
      recordSignal: async (signal, drains, now) => {
        const record = await instances.recordSignal(signal, drains, now);
        // What it writes of its own accord is for the next run to act on.
        if (!OWN_KINDS.includes(signal.kind)) see(record);
        if (record?.drainingAt === now) deeds.drained.add(record.instanceId);
        return record;
      },
    }),
    tasks: noting(deeds, tasks, {
      get: async (id) => {
        const row = await tasks.get(id);
        if (row !== undefined) deeds.rows.set(id, { value: row, at: clock.now() });
        return row;
      },
      due: async (now, limit) => {
        const due = await tasks.due(now, limit);
        for (const id of due) deeds.due.add(id);
        return due;
      },
      apply: async (id, step) => {
        const outcome = await tasks.apply(id, step);
        // Ready under the attempt that was to be released: whoever released it may not have come to send its message.
        const isReady = outcome.row?.status === 'ready' && 'attempt' in step && outcome.row.attempt === step.attempt;
        if (step.step === 'release' && isReady) deeds.released.add(id);
        return outcome;
      },
    }),
    fleets: noting(deeds, fleets, {
      read: async (fleet) => {
        const state = await fleets.read(fleet);
        deeds.fleetReads.push(state);
        return state;
      },
    }),
    machines: noting(deeds, machines, {
      describeFleet: async (fleet) => {
        deeds.described = await machines.describeFleet(fleet);
        return deeds.described;
      },
      terminate: async (ids) => {
        for (const id of ids) deeds.ended.add(id);
        return machines.terminate(ids);
      },
    }),
    groups: noting(deeds, world.groups, {}),
    money: noting(deeds, world.money, {
      putPlan: (entry) => {
        deeds.plans.push(entry.plan);
        return world.money.putPlan(entry);
      },
    }),
    wakes: noting(deeds, wakes, {
      wake: (fleet, delaySeconds = 0) => {
        deeds.wakesAt.push(addMs(clock.now(), secondsToMs(delaySeconds)));
        return wakes.wake(fleet, delaySeconds);
      },
    }),
    workQueue: () => watchedQueue,
  };
};
