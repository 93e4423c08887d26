import { expect, it } from 'vitest';
import { instanceId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { watchStops } from '../../lib/simulator/audit/agent-stops.ts';
import type { Run } from '../../lib/simulator/audit/concurrent-runs.ts';
import { clockFrom, judging } from './judging.ts';

const SESSION = sessionId('session-1');

/** An agent that was asked to stop so many times, as its heartbeats show it. */
const begin = (stopsAsked: number, item: object, running: readonly Run[] = []) => {
  const { found, judge } = judging();
  const clock = clockFrom(0);
  const stops = watchStops({
    now: clock.now,
    judge,
    instanceId: instanceId('i-00000000000000001'),
    item: () => item as InstanceRecord,
    running: () => running,
    stopsAsked: () => stopsAsked,
  });
  return (seconds: number, failures = 0): readonly string[] => {
    clock.pass(seconds);
    stops.look(SESSION, failures);
    return found;
  };
};

const RUNNING = [{ id: taskId('task-1'), attempt: 2 }];

it('an agent that is asked to stop drains its machine within half a minute', () => {
  const lookAfter = begin(1, { session: SESSION });
  expect(lookAfter(0)).toEqual([]);
  expect(lookAfter(29)).toEqual([]);
  expect(lookAfter(1)).toEqual([expect.stringContaining('was asked to stop, and its machine does not drain')]);
});

it('it has done so once its item says so, and need not while calls fail or where another session has it', () => {
  for (const item of [{ session: SESSION, drainingAt: 1 }, { session: 'another' }, undefined]) {
    const lookAfter = begin(1, item as object);
    lookAfter(0);
    expect(lookAfter(60)).toEqual([]);
  }
  const failing = begin(1, { session: SESSION });
  failing(0);
  expect(failing(60, 1)).toEqual([]);
});

it('nobody has to stop who is not asked to', () => {
  const lookAfter = begin(0, { session: SESSION }, RUNNING);
  lookAfter(0);
  expect(lookAfter(60)).toEqual([]);
});

it('asked once, its tasks have their time; asked twice, none of them runs on', () => {
  const draining = { session: SESSION, drainingAt: 1 };
  const once = begin(1, draining, RUNNING);
  once(0);
  expect(once(60)).toEqual([]);
  const twice = begin(2, draining, RUNNING);
  expect(twice(0)).toEqual([]);
  expect(twice(14)).toEqual([]);
  expect(twice(1)).toEqual([expect.stringContaining('task-1/2 runs on')]);
});
