import { describe, expect, it } from 'vitest';
import { decideTask } from '../../lib/decisions/decide-task.ts';
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
