import { type InstanceId, instanceId, taskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { poolKey } from '../../fleet/pool.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';

/** So many rows and items are shown with one broken promise: a storm names hundreds. */
const SHOWN_MAX = 4;

export const describeRow = (row: TaskRecord | undefined, since: (at: EpochMs) => string): string => {
  if (row === undefined) return 'no row';
  const { status, attempt, owner, failures, reclaims, checkAt, checkpoint } = row;
  return [
    status,
    `attempt ${attempt}`,
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(failures > 0 ? [`${failures} failures`] : []),
    ...(reclaims > 0 ? [`${reclaims} reclaims`] : []),
    ...(checkpoint === undefined ? [] : [`checkpoint ${checkpoint.sequence}`]),
    ...(checkAt === undefined ? [] : [`due ${since(checkAt)}`]),
  ].join(', ');
};

const entriesOf = (leases: InstanceRecord['leases']): readonly string[] =>
  Object.entries(leases).map(([id, attempt]) => `${id}/${attempt}`);

export const describeLeases = (leases: InstanceRecord['leases']): string => {
  const held = entriesOf(leases);
  return held.length === 0 ? 'holds nothing' : `holds ${held.join(' ')}`;
};

/** Whether it drains or is gone, and the signals on it. */
export const marksOf = ({ drainingAt, goneAt, signals }: InstanceRecord): readonly string[] => [
  ...(drainingAt === undefined ? [] : ['draining']),
  ...(goneAt === undefined ? [] : ['gone']),
  ...Object.keys(signals),
];

/** What came to an item and what went from it, before what it holds then. */
export const describeChange = (before: InstanceRecord, after: InstanceRecord): string => {
  const was = [...entriesOf(before.leases), ...marksOf(before)];
  const is = [...entriesOf(after.leases), ...marksOf(after)];
  const came = is.filter((one) => !was.includes(one)).map((one) => `+${one}`);
  const went = was.filter((one) => !is.includes(one)).map((one) => `-${one}`);
  return [...came, ...went, describeLeases(after.leases)].join(' ');
};

export const describeItem = (record: InstanceRecord | undefined, since: (at: EpochMs) => string): string => {
  if (record === undefined) return 'no item';
  const { leases, heartbeatAt, drainingAt, goneAt, signals } = record;
  return [
    describeLeases(leases),
    heartbeatAt === undefined ? 'never heard' : `heard ${since(heartbeatAt)}`,
    ...(drainingAt === undefined ? [] : [`draining since ${since(drainingAt)}`]),
    ...(goneAt === undefined ? [] : [`gone since ${since(goneAt)}`]),
    ...Object.entries(signals).map(([kind, signal]) => `${kind} ${since(signal.recordedAt)}`),
  ].join(', ');
};

export const describeMachine = ({ instanceId, state, stateReasonCode }: DescribedMachine): string =>
  [instanceId, state, ...(stateReasonCode === undefined ? [] : [stateReasonCode])].join(' ');

/** Whose call broke a promise, with the items that it had read by then. */
export interface Reader {
  readonly name: string;
  readonly memo: { readonly records: ReadonlyMap<InstanceId, InstanceRecord | undefined> };
}

const NAMED = /task-\d+|i-[0-9a-f]{17}|[a-z0-9]+\.[a-z0-9]+\/[a-z0-9-]+\/(?:spot|on-demand)/g;

/**
 * Rows and items as they stand, of every task and machine that a sentence names, and of the machines of every pool: what
 * somebody reads to find the cause. An item that its reader knew otherwise is shown both ways.
 */
export const contextOf = (
  { tasks, instances, machines }: Pick<MemoryWorld, 'tasks' | 'instances' | 'machines'>,
  found: string,
  since: (at: EpochMs) => string,
  reader?: Reader,
): readonly string[] => {
  const itemOf = (id: InstanceId): readonly string[] => {
    const now = describeItem(instances.records.get(id), since);
    const read = reader?.memo.records.has(id) ? describeItem(reader.memo.records.get(id), since) : now;
    return [`item of ${id}: ${now}`, ...(read === now ? [] : [`  as ${reader!.name} had read it: ${read}`])];
  };
  const inPool = (key: string): readonly string[] =>
    [...instances.records.values()]
      .filter(({ pool }) => poolKey(pool) === key)
      .filter(({ instanceId: id, goneAt }) => goneAt === undefined || reader?.memo.records.has(id) === true)
      .slice(-SHOWN_MAX)
      .flatMap(({ instanceId: id }) => itemOf(id));
  const named = [...new Set(found.match(NAMED) ?? [])].slice(0, SHOWN_MAX);
  return named.flatMap((name) => {
    if (name.startsWith('task-')) return [`row of ${name}: ${describeRow(tasks.rows.get(taskId(name)), since)}`];
    if (name.includes('/')) return inPool(name);
    const id = instanceId(name);
    const machine = machines.all().find((one) => one.instanceId === id);
    return [...itemOf(id), `EC2: ${machine === undefined ? `${name} never launched` : describeMachine(machine)}`];
  });
};
