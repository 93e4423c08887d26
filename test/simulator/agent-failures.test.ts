import { describe, expect, it } from 'vitest';
import { instanceId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { ReceivedMessage } from '../../lib/ports/queues.ts';
import { watchFailures } from '../../lib/simulator/audit/agent-failures.ts';
import { watchRevisits } from '../../lib/simulator/audit/agent-revisits.ts';
import { clockFrom, judging } from './judging.ts';

const TASK: TaskId = taskId('task-1');
const MESSAGE = { body: '{"spothop":1,"taskId":"task-1"}' } as ReceivedMessage;
const MACHINE = instanceId('i-00000000000000001');

describe('a task fails', () => {
  /** What is said of a failure that a process tells which opened its session so many seconds after the last heartbeat. */
  const told = (silentSeconds: number, run: { isTaken: boolean; isBegun: boolean }, reason = 'It threw.') => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const item = () => ({ heartbeatAt: 0 }) as unknown as InstanceRecord;
    const failures = watchFailures({ now: clock.now, judge, instanceId: MACHINE, item });
    clock.pass(silentSeconds);
    failures.opens();
    clock.pass(100);
    failures.opens();
    failures.tells(TASK, reason, run);
    return found;
  };

  it('by running, and not before; but for a body that nobody can read', () => {
    expect(told(5, { isTaken: true, isBegun: true })).toEqual([]);
    expect(told(5, { isTaken: true, isBegun: false })).toEqual([expect.stringContaining('has never run')]);
    expect(told(5, { isTaken: true, isBegun: false }, 'Its body cannot be read: it was cut')).toEqual([]);
  });

  it('with the process that it was on, where the next one is there within a minute', () => {
    expect(told(59, { isTaken: false, isBegun: false })).toEqual([]);
    expect(told(60, { isTaken: false, isBegun: false })).toEqual([expect.stringContaining('last heard 60 s before')]);
  });
});

describe('the message of a task that runs elsewhere', () => {
  const hidden = (
    seconds: number,
    change: { row?: object; item?: object; report?: object; own?: Set<TaskId> } = {},
  ) => {
    const { found, judge } = judging();
    const revisits = watchRevisits({
      judge,
      instanceId: MACHINE,
      item: () => (change.item ?? {}) as InstanceRecord,
      rowOf: () => ({ taskId: TASK, status: 'running', owner: 'i-2', ...change.row }) as unknown as TaskRecord,
    });
    revisits.hidden(MESSAGE, seconds, change.own ?? new Set());
    revisits.told(change.report as never);
    revisits.told(undefined);
    return found;
  };

  it('is hidden for no longer than a minute while nobody knows how long tasks run', () => {
    expect(hidden(60)).toEqual([]);
    expect(hidden(61)).toEqual([expect.stringContaining('hidden for 61 s')]);
  });

  it('may be hidden for longer by whoever knows, or where it does not run elsewhere', () => {
    expect(hidden(900, { item: { runTimesExpected: {} } })).toEqual([]);
    expect(hidden(900, { report: { runTimes: {} } })).toEqual([]);
    expect(hidden(900, { row: { owner: MACHINE } })).toEqual([]);
    expect(hidden(900, { row: { status: 'ready' } })).toEqual([]);
    expect(hidden(900, { own: new Set([TASK]) })).toEqual([]);
  });
});
