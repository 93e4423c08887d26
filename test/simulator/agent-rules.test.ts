import { describe, expect, it } from 'vitest';
import { type InstanceId, instanceId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import type { ReceivedMessage } from '../../lib/ports/queues.ts';
import { watchBurials } from '../../lib/simulator/audit/agent-burials.ts';
import { watchMessages } from '../../lib/simulator/audit/agent-messages.ts';
import { watchRetries } from '../../lib/simulator/audit/agent-retries.ts';
import { watchTakes } from '../../lib/simulator/audit/agent-takes.ts';
import { watchVisibility } from '../../lib/simulator/audit/agent-visibility.ts';
import { watchRuns } from '../../lib/simulator/audit/concurrent-runs.ts';
import { clockFrom, judging } from './judging.ts';

const TASK: TaskId = taskId('task-1');
const MACHINE: InstanceId = instanceId('i-00000000000000001');

const rowWith = (change: Partial<TaskRecord>): TaskRecord =>
  ({ taskId: TASK, status: 'ready', attempt: 1, failures: 0, ...change }) as TaskRecord;

describe('whoever repeats what fails', () => {
  it('gives the other side time', () => {
    const { found, judge } = judging();
    const retries = watchRetries(clockFrom(0).now, judge, 'an agent');
    for (let tries = 0; tries < 3; tries += 1) retries.failed('a call');
    expect(found).toEqual([]);
    retries.failed('a call');
    expect(found).toEqual([expect.stringContaining('4 times at once')]);
  });

  it('stops, but may begin anew later, and after a success', () => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const retries = watchRetries(clock.now, judge, 'an agent');
    const fail = (pausesSeconds: readonly number[]): void => {
      for (const pauseSeconds of pausesSeconds) {
        clock.pass(pauseSeconds);
        retries.failed('a call');
      }
    };
    const result = [60, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20];
    fail([...result, ...result, 10, ...result.slice(1, 6), 10, ...result.slice(1)]);
    retries.succeeded('a call');
    fail(result);
    expect(found).toEqual([]);
    fail([20, 20]);
    expect(found).toEqual([expect.stringContaining('11 times in a row')]);
  });
});

describe('a row that is given back', () => {
  const message = { messageId: 'm', receiptHandle: 'r', body: `{"spothop":1,"taskId":"${TASK}"}` } as ReceivedMessage;
  const begin = (heardOfDrainAt?: number) => {
    const { found, judge } = judging();
    const clock = clockFrom(1_000_000);
    const heard = { heardOfDrainAt: () => heardOfDrainAt as EpochMs | undefined };
    const messages = watchMessages({ now: clock.now, judge, rowOf: () => rowWith({}), ...heard });
    messages.givenBack(rowWith({}), 0);
    return { found, clock, messages };
  };

  it('is told of by a message within half a minute, as long as no call fails', () => {
    const { found, clock, messages } = begin();
    messages.look(0);
    clock.pass(31);
    messages.look(0);
    expect(found).toEqual([expect.stringContaining('no message tells of it')]);
    const failing = begin();
    failing.messages.look(0);
    failing.clock.pass(31);
    failing.messages.look(1);
    expect(failing.found).toEqual([]);
  });

  it('is shown at once by a machine that has heard of its drain, and not in this moment', () => {
    const { found, messages } = begin(994_999);
    messages.changed(message, 5, Promise.resolve());
    expect(found).toEqual([expect.stringContaining('is handed back by a machine that drains, and hidden for 5 s')]);
    for (const heardAt of [undefined, 995_000]) {
      const other = begin(heardAt);
      other.messages.changed(message, 5, Promise.resolve());
      expect(other.found).toEqual([]);
    }
  });

  it('is not hidden again by whoever has put its message back', async () => {
    const { found, messages } = begin();
    messages.changed(message, 0, Promise.resolve());
    await Promise.resolve();
    expect(found).toEqual([]);
    messages.changed(message, 60, Promise.resolve());
    expect(found).toEqual([expect.stringContaining('hidden again for 60 s')]);
  });
});

describe('the message of a running task', () => {
  const messageUnder = (receiptHandle: string): ReceivedMessage =>
    ({ messageId: 'm', receiptHandle, body: `{"spothop":1,"taskId":"${TASK}"}` }) as ReceivedMessage;

  const begin = () => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    return { found, clock, visibility: watchVisibility(clock.now, judge, true) };
  };

  it('is hidden anew before it shows', () => {
    const { found, clock, visibility } = begin();
    visibility.received([messageUnder('r1')], 60, 0);
    clock.pass(30);
    visibility.changed(messageUnder('r1'), 60, 0);
    clock.pass(60);
    visibility.look(0, () => true);
    expect(found).toEqual([]);
    clock.pass(10);
    visibility.look(0, () => true);
    expect(found).toEqual(['task-1 runs, and its message is shown again']);
  });

  it('may show while the call that hides it is not answered', () => {
    const { found, clock, visibility } = begin();
    visibility.received([messageUnder('r1')], 60, 0);
    clock.pass(66);
    const answered = visibility.asked(messageUnder('r1'));
    visibility.look(0, () => true);
    expect(found).toEqual([]);
    answered();
    visibility.look(0, () => true);
    expect(found).toHaveLength(1);
  });

  it('may be one that came before the last run was over', () => {
    const { found, clock, visibility } = begin();
    visibility.received([messageUnder('r1')], 60, 0);
    visibility.taken(TASK);
    clock.pass(10);
    visibility.received([messageUnder('r2')], 60, 0);
    visibility.ended(TASK);
    visibility.changed(messageUnder('r1'), 0, 0);
    visibility.taken(TASK);
    clock.pass(10);
    visibility.look(0, () => true);
    expect(found).toEqual([]);
    clock.pass(55);
    visibility.look(0, () => true);
    expect(found).toHaveLength(1);
  });

  it('is one of several, of which others may have shown while it was not yet taken', () => {
    const { found, clock, visibility } = begin();
    visibility.received([messageUnder('r1')], 30, 0);
    clock.pass(30);
    visibility.received([messageUnder('r2')], 60, 0);
    clock.pass(6);
    visibility.look(0, () => false);
    visibility.received([messageUnder('r3')], 20, 0);
    clock.pass(30);
    visibility.changed(messageUnder('r2'), 60, 0);
    visibility.look(0, () => true);
    expect(found).toEqual([]);
  });
});

describe('a machine that has heard that it is to leave', () => {
  const recordWith = (change: object): InstanceRecord => ({ signals: {}, leases: {}, ...change }) as InstanceRecord;
  const begin = () => {
    const { found, judge } = judging();
    const clock = clockFrom(1_000_000);
    const takes = watchTakes(clock.now, judge, MACHINE);
    takes.heard(recordWith({ signals: { leave: { at: 1 } } }));
    return { found, clock, takes };
  };

  it('takes nothing, but for what was under way', () => {
    const { found, clock, takes } = begin();
    // The next beat, five seconds later, may call it back at that very moment.
    clock.pass(5);
    takes.takes(TASK, undefined);
    expect(found).toEqual([]);
    clock.pass(1);
    takes.takes(TASK, undefined);
    expect(found).toEqual([expect.stringContaining('has heard that it is to take nothing')]);
  });

  it('may be called back, and may have begun before a call failed or before it stood still', () => {
    const { found, clock, takes } = begin();
    clock.pass(5);
    takes.takes(TASK, clock.now());
    takes.wentOn();
    takes.takes(TASK, undefined);
    clock.pass(5);
    takes.heard(recordWith({}));
    takes.takes(TASK, undefined);
    takes.heard(recordWith({ signals: { leave: { at: 1 } } }));
    clock.pass(6);
    takes.found(recordWith({}));
    takes.takes(TASK, undefined);
    expect(found).toEqual([]);
  });
});

describe('a machine', () => {
  it('runs as many tasks at once as the fleet file says, not counting those that are somebody else’s by now', () => {
    const { found, judge } = judging();
    let row = rowWith({ status: 'running', owner: MACHINE });
    const runs = watchRuns({
      now: clockFrom(0).now,
      judge,
      slots: 1,
      instanceId: MACHINE,
      rowOf: () => row,
      leases: () => ({}),
    });
    runs.begun(TASK, 1);
    row = rowWith({ status: 'running', owner: MACHINE, attempt: 2 });
    runs.begun(TASK, 2);
    expect(found).toEqual([]);
    runs.ended(TASK, 1);
    runs.begun(taskId('task-2'), 2);
    expect(found).toEqual([expect.stringContaining('runs 2 tasks at once, and 1 are allowed')]);
  });

  it('stops a run whose task somebody else has, as long as it hears of it', () => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const rowOf = () => rowWith({ status: 'running', attempt: 2 });
    const runs = watchRuns({ now: clock.now, judge, slots: 1, instanceId: MACHINE, rowOf, leases: () => ({}) });
    runs.begun(TASK, 1);
    for (const failures of [0, 1, 1]) {
      runs.look(failures);
      clock.pass(30);
    }
    expect(found).toEqual([]);
    runs.look(1);
    expect(found).toEqual([expect.stringContaining('runs on under attempt 1')]);
  });
});

describe('a dead task', () => {
  const begin = (status = 'dead') => {
    const { found, judge } = judging();
    const burials = watchBurials({ judge, rowOf: () => rowWith({ status } as never), isReopened: () => false });
    return { found, burials };
  };

  it('is copied before its message is removed, by whoever removes it', async () => {
    const { found, burials } = begin();
    burials.removes(TASK, 'handle');
    expect(found).toEqual(['task-1 is dead, and its message is removed by whoever has not copied it']);
    const failing = begin();
    failing.burials.copies(TASK, Promise.reject(new Error('no route')));
    await Promise.resolve();
    failing.burials.removes(TASK, 'handle');
    expect(failing.found).toHaveLength(1);
    const copying = begin();
    copying.burials.copies(TASK, Promise.resolve());
    await Promise.resolve();
    copying.burials.removes(TASK, 'handle');
    expect(copying.found).toEqual([]);
  });

  it('may have its message replaced by another one, which is met again', () => {
    const { found, burials } = begin();
    burials.sent(TASK);
    burials.removes(TASK, 'handle');
    burials.removes(TASK, 'handle');
    expect(found).toEqual([]);
    burials.removes(TASK, 'the next one');
    expect(found).toHaveLength(1);
  });

  it('is all that is copied', () => {
    const { found, burials } = begin('ready');
    burials.copies(TASK, Promise.resolve());
    burials.removes(TASK, 'handle');
    expect(found).toEqual(['task-1 is ready, and is copied to where the dead are']);
  });
});
