import { describe, expect, it } from 'vitest';
import { instanceId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { contextOf } from '../../lib/simulator/audit/context.ts';
import type { MemoryWorld } from '../../lib/simulator/ports/memory-world.ts';

const A = instanceId('i-0000000000000000a');
const B = instanceId('i-0000000000000000b');

const item = (id: typeof A, change: object = {}): InstanceRecord =>
  ({
    instanceId: id,
    leases: {},
    signals: {},
    pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' },
    ...change,
  }) as unknown as InstanceRecord;

const worldWith = (...items: readonly InstanceRecord[]) =>
  ({
    tasks: { rows: new Map([['task-1', { status: 'ready', attempt: 2 }]]) },
    instances: { records: new Map(items.map((one) => [one.instanceId, one])) },
    machines: { all: () => [{ instanceId: A, state: 'running' }] },
  }) as unknown as MemoryWorld;

const readerOf = (...items: readonly InstanceRecord[]) => ({
  name: 'reconcile',
  memo: { records: new Map(items.map((one) => [one.instanceId, one])) },
});

const since = (at: number): string => `at ${at}`;

describe('what is shown beside a broken promise', () => {
  it('is the row and the item of whatever it names, as they stand', () => {
    const told = contextOf(worldWith(item(A)), `task-1 was lost on ${A}, and ${B} too`, since);
    expect(told).toEqual([
      'row of task-1: ready, attempt 2',
      `item of ${A}: holds nothing, never heard`,
      `EC2: ${A} running`,
      `item of ${B}: no item`,
      `EC2: ${B} never launched`,
    ]);
  });

  it('is also what whoever broke it had read, where that was something else', () => {
    const world = worldWith(item(A, { drainingAt: 5 }), item(B));
    const told = contextOf(world, `${A} and ${B}`, since, readerOf(item(A), item(B)));
    expect(told).toEqual([
      `item of ${A}: holds nothing, never heard, draining since at 5`,
      '  as reconcile had read it: holds nothing, never heard',
      `EC2: ${A} running`,
      `item of ${B}: holds nothing, never heard`,
      `EC2: ${B} never launched`,
    ]);
  });

  it('is the items of a pool that it names: of machines that are there, or that were read', () => {
    const gone = item(B, { goneAt: 7 });
    const found = 'c7g.large/us-east-1a/spot was asked, and m7g.large/us-east-1b/spot was not';
    expect(contextOf(worldWith(item(A), gone), found, since)).toEqual([`item of ${A}: holds nothing, never heard`]);
    expect(contextOf(worldWith(gone), found, since, readerOf(item(B)))).toEqual([
      `item of ${B}: holds nothing, never heard, gone since at 7`,
      '  as reconcile had read it: holds nothing, never heard',
    ]);
  });
});
