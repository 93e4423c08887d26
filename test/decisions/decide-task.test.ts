import { assert, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideTask, forgottenAmong } from '../../lib/decisions/decide-task.ts';
import { fleetName, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { anInstanceId, aRecord, atSecond, START } from '../support/records.ts';

const row = (changes: Partial<TaskRecord> = {}): TaskRecord => ({
  form: 1,
  taskId: taskId('task-1'),
  fleet: fleetName('index'),
  status: 'running',
  attempt: 2,
  owner: anInstanceId(),
  session: sessionId('session-1'),
  failures: 0,
  reclaims: 1,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: START,
  checkAt: atSecond(50),
  ...changes,
});

const owner = (changes: Partial<InstanceRecord> = {}): InstanceRecord =>
  aRecord({ heartbeatAt: atSecond(58), leases: { 'task-1': 2 } as InstanceRecord['leases'], ...changes });

describe('a running row whose time has come', () => {
  it('is looked at again when its owner is alive and holds it, as soon as that owner could be silent', () => {
    expect(decideTask(row(), owner(), atSecond(60))).toMatchObject({ do: 'check-again', at: atSecond(108) });
  });

  it.each([
    ['its owner is silent', owner({ heartbeatAt: atSecond(10) })],
    ['its owner has another session', owner({ session: sessionId('session-2') })],
    ['its owner does not hold it', owner({ leases: {} })],
    ['its owner does not hold it', owner({ leases: { 'task-1': 1 } as InstanceRecord['leases'] })],
    ['its owner is gone', owner({ goneAt: atSecond(59) })],
    ['its owner is unknown', undefined],
  ])('is released when %s', (reason, of) => {
    expect(decideTask(row(), of, atSecond(60))).toEqual({ do: 'release', reason });
  });

  it('is not judged before its time', () => {
    expect(decideTask(row(), undefined, atSecond(49))).toEqual({ do: 'nothing' });
  });
});

describe('a ready row that nobody came for', () => {
  it('is sent again, and left alone for five minutes', () => {
    expect(decideTask(row({ status: 'ready' }), undefined, atSecond(60))).toMatchObject({
      do: 'send-again',
      nextAt: atSecond(360),
    });
  });
});

describe('a finished row', () => {
  it('is left alone', () => {
    expect(decideTask(row({ status: 'done' }), undefined, atSecond(60))).toEqual({ do: 'nothing' });
  });
});

describe('ready tasks of which messages are lost', () => {
  /** Submitted one second after the other, first looked at five minutes later. */
  const ready = (number: number, changes: Partial<TaskRecord> = {}): TaskRecord =>
    row({
      taskId: taskId(`task-${number}`),
      status: 'ready',
      attempt: 0,
      submittedAt: atSecond(number),
      checkAt: atSecond(number + 300),
      ...changes,
    });
  const namesOf = (rows: readonly TaskRecord[]): readonly string[] => rows.map(({ taskId: id }) => id);

  it('are all of them while nothing waits', () => {
    expect(namesOf(forgottenAmong([ready(1), ready(2)], 0, atSecond(60)))).toEqual(['task-1', 'task-2']);
  });

  it('are as many as there are tasks beyond the messages that wait, the oldest first', () => {
    const rows = [ready(3), ready(1), ready(4), ready(2)];
    expect(namesOf(forgottenAmong(rows, 1, atSecond(60)))).toEqual(['task-1', 'task-2', 'task-3']);
    expect(namesOf(forgottenAmong(rows, 3, atSecond(60)))).toEqual(['task-1']);
    expect(forgottenAmong(rows, 4, atSecond(60))).toEqual([]);
    expect(forgottenAmong(rows, 5, atSecond(60))).toEqual([]);
  });

  it('are none that came within half a minute: their messages may not be counted yet', () => {
    expect(namesOf(forgottenAmong([ready(1), ready(31)], 0, atSecond(60)))).toEqual(['task-1']);
    // Neither do they count for the others.
    expect(forgottenAmong([ready(1), ready(31)], 1, atSecond(60))).toEqual([]);
  });

  it('are none that were sent within five minutes, which still count as tasks with a message', () => {
    const sent = ready(1, { sentAgainAt: atSecond(100), checkAt: atSecond(400) });
    expect(forgottenAmong([sent], 0, atSecond(399))).toEqual([]);
    expect(namesOf(forgottenAmong([sent], 0, atSecond(400)))).toEqual(['task-1']);
    expect(namesOf(forgottenAmong([sent, ready(2)], 1, atSecond(399)))).toEqual(['task-2']);
  });

  it('are none that run or are finished, and these do not count', () => {
    const rows = [ready(1), ready(2, { status: 'running' }), ready(3, { status: 'done' })];
    expect(namesOf(forgottenAmong(rows, 0, atSecond(60)))).toEqual(['task-1']);
    expect(forgottenAmong(rows, 1, atSecond(60))).toEqual([]);
  });

  it('are found exactly where every message that waits belongs to one of them, and never more than were lost', () => {
    const queues = record({
      lost: integer({ min: 0, max: 40 }),
      queued: integer({ min: 0, max: 40 }),
      seconds: integer({ min: 0, max: 20 }),
    });
    const lostWith = ({ lost, queued, seconds }: { lost: number; queued: number; seconds: number }): number => {
      const rows = Array.from({ length: lost + queued }, (_, number) => ready(number % 20));
      return forgottenAmong(rows, queued + seconds, atSecond(60)).length;
    };
    assert(
      property(queues, (queue) => {
        expect(lostWith({ ...queue, seconds: 0 })).toBe(queue.lost);
        expect(lostWith(queue)).toBe(Math.max(0, queue.lost - queue.seconds));
      }),
    );
  });
});
