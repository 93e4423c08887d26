import { describe, expect, it } from 'vitest';
import { accountRead, accountWrite, keyOf, noAccounts } from '../../bench/services/table-accounts.ts';
import { TASKS } from '../../bench/tables.ts';
import { itemBytes, type TableShape, type WireItem, writeUnits } from '../../bench/write-units.ts';

const PLAIN: TableShape = { key: ['id'], indexes: [] };
const INDEXED: TableShape = { key: ['id'], indexes: [{ name: 'byDue', key: ['due'], projected: ['note'] }] };

const text = (bytes: number): { S: string } => ({ S: 'x'.repeat(bytes) });

/** An item of exactly so many bytes: two for the name `id`, two for its value, one for the name `b`. */
const itemOf = (bytes: number): WireItem => ({ id: { S: 'it' }, b: text(bytes - 5) });

describe('the size of an item', () => {
  it.each<readonly [string, WireItem, number]>([
    ['names and texts count in UTF-8', { né: { S: 'é€' } }, 3 + 5],
    ['a number takes a byte for two digits and one more', { n: { N: '1767225600001' } }, 1 + 7 + 1],
    ['zeros at the ends of a number do not count, a sign does', { n: { N: '-1200' } }, 1 + 1 + 1 + 1],
    ['true, false and null take one byte', { t: { BOOL: true }, n: { NULL: true } }, 1 + 1 + 1 + 1],
    [
      'a list takes three, and one for each element',
      { l: { L: [{ S: 'ab' }, { S: 'c' }] } },
      1 + 3 + (1 + 2) + (1 + 1),
    ],
    ['a map takes three, and one for each member', { m: { M: { key: { S: 'v' } } } }, 1 + 3 + 1 + (3 + 1)],
    ['bytes count as they are, not in base 64', { b: { B: 'AAECAw==' } }, 1 + 4],
  ])('%s', (_rule, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('the units of a write', () => {
  it.each([
    [1, 1],
    [1_024, 1],
    [1_025, 2],
    [40_000, 40],
  ])('an item of %i bytes costs %i', (bytes, units) => {
    expect(writeUnits(PLAIN, undefined, itemOf(Math.max(5, bytes)))).toBe(units);
  });

  it('count the larger of the item before and after', () => {
    expect(writeUnits(PLAIN, itemOf(3_000), itemOf(10))).toBe(3);
    expect(writeUnits(PLAIN, itemOf(10), itemOf(3_000))).toBe(3);
  });

  it('a refused write costs the item that is there, and one where there is none', () => {
    expect(writeUnits(PLAIN, itemOf(2_100), itemOf(2_100))).toBe(3);
    expect(writeUnits(PLAIN, undefined, undefined)).toBe(1);
  });

  const one = { id: { S: 'it' } };
  const due = (number: string, note = 'n'): WireItem => ({ ...one, due: { N: number }, note: { S: note } });
  it.each<readonly [string, WireItem | undefined, WireItem, number]>([
    ['an item that is not in the index costs nothing there', one, one, 1],
    ['one that comes into it costs a put', one, due('1'), 2],
    ['one that leaves it costs a delete', due('1'), one, 2],
    ['a change of the index’s key costs a delete and a put', due('1'), due('2'), 3],
    ['a change of something projected costs a put', due('1', 'a'), due('1', 'b'), 2],
    ['a change of something else costs nothing there', due('1'), { ...due('1'), other: { S: 'x' } }, 1],
    ['a new item in the index costs both', undefined, due('1'), 2],
  ])('in an index: %s', (_rule, before, after, units) => {
    expect(writeUnits(INDEXED, before, after)).toBe(units);
  });

  it('of an index entry count only what is projected, and round up each by itself', () => {
    const large = { ...due('1'), other: text(5_000) };
    expect(writeUnits(INDEXED, undefined, large)).toBe(5 + 1);
    expect(writeUnits(INDEXED, due('1', 'x'.repeat(1_500)), due('2', 'x'.repeat(1_500)))).toBe(2 + 2 + 2);
  });
});

describe('what a task’s row costs, step by step', () => {
  const base = { taskId: { S: 'a' }, fleet: { S: 'f' }, reclaims: { N: '0' } };
  const ready = { ...base, status: { S: 'ready' }, shard: { N: '3' }, checkAt: { N: '100' } };
  const running = { ...base, status: { S: 'running' }, shard: { N: '3' }, checkAt: { N: '200' } };
  const done = { ...base, status: { S: 'done' }, endedOn: { S: '2026-01-01#3' }, finishedAt: { N: '300' } };
  it('two to submit, three to take, three to commit', () => {
    expect(writeUnits(TASKS, undefined, ready)).toBe(2);
    expect(writeUnits(TASKS, ready, running)).toBe(3);
    expect(writeUnits(TASKS, running, done)).toBe(3);
  });
});

describe('the accounts', () => {
  const row = (attempt: string): WireItem => ({ taskId: { S: 'a' }, attempt: { N: attempt } });

  it('keep what a machine does for itself apart from what it does for tasks', () => {
    const accounts = noAccounts();
    const seen = { before: undefined, after: undefined, at: 5 };
    accountWrite(accounts, { TableName: 'instances', ExpressionAttributeNames: { '#n0': 'heartbeatAt' } }, seen);
    accountWrite(accounts, { TableName: 'instances', ExpressionAttributeNames: { '#n0': 'leases' } }, seen);
    accountRead(accounts, { TableName: 'instances' });
    accountRead(accounts, { TableName: 'tasks' });
    expect(accounts).toEqual({ writes: 1, writeUnits: 1, reads: 1, upkeepWrites: 1, upkeepReads: 1 });
  });

  it('tell when a task was taken first: by the write that raises its attempt', () => {
    const accounts = noAccounts();
    accountWrite(accounts, { TableName: 'tasks' }, { before: undefined, after: row('0'), at: 10 });
    accountWrite(accounts, { TableName: 'tasks' }, { before: row('0'), after: row('1'), at: 20 });
    accountWrite(accounts, { TableName: 'tasks' }, { before: row('1'), after: row('2'), at: 30 });
    expect(accounts.firstTakeAt).toBe(20);
  });

  it('find the key of a write in its key or in its item', () => {
    expect(keyOf({ TableName: 'tasks', Key: { taskId: { S: 'a' } } })).toEqual({ taskId: { S: 'a' } });
    expect(keyOf({ TableName: 'tasks', Item: row('1') })).toEqual({ taskId: { S: 'a' } });
  });
});
