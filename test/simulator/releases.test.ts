import { describe, expect, it } from 'vitest';
import { fleetName, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { auditTasks, type TaskAuditWorld } from '../../lib/simulator/audit/audit-tasks.ts';
import type { Caller } from '../../lib/simulator/life/caller.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { anInstanceId, aRecord, atSecond } from '../support/records.ts';

const OWNER = anInstanceId(1);
const NOW = atSecond(600);
const A_TASK = taskId('task-1');
const SESSION = sessionId('session');

const READY: TaskRecord = {
  form: 1,
  taskId: A_TASK,
  fleet: fleetName('fleet'),
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: NOW,
  checkAt: NOW,
};

const heard = (at: EpochMs): InstanceRecord =>
  aRecord({
    instanceId: OWNER,
    session: SESSION,
    heartbeatAt: at,
    leases: { [A_TASK]: 1 } as InstanceRecord['leases'],
  });

/** What is broken when a reconcile that has read its owner's item so takes the task. */
const brokenAfter = async (...readings: readonly InstanceRecord[]): Promise<readonly string[]> => {
  const found: string[] = [];
  const tasks = memoryTaskLedger();
  const memo = {
    sent: new Map(),
    drained: new Set(),
    backlogs: new Map(),
    records: new Map([[OWNER, readings.at(-1)]]),
    readings: new Map([[OWNER, [...readings]]]),
  };
  const world = {
    now: () => NOW,
    judge: { violations: [], say: (promise: string, what: string) => void found.push(`${promise}: ${what}`) },
    trace: { note: () => {}, tell: () => {} },
    faults: { met: () => {} },
    truth: {
      machines: new Map(),
      tasks: new Map(),
      told: new Set(),
      foreign: new Set(),
      ending: new Map(),
      refusing: new Map(),
    },
    acting: { by: undefined as Caller | undefined },
    tasks,
    recordOf: () => readings.at(-1),
    since: String,
  };
  const { ledger } = auditTasks(world as unknown as TaskAuditWorld);
  await ledger.apply(A_TASK, { step: 'submit', row: READY });
  await ledger.apply(A_TASK, { step: 'take', owner: OWNER, session: SESSION, now: NOW });
  world.acting.by = { name: 'reconcile', kind: 'reconcile', memo } as unknown as Caller;
  await ledger.apply(A_TASK, { step: 'release', attempt: 1, owner: OWNER, now: NOW });
  return found.filter((line) => line.startsWith('W4'));
};

describe('a task that is taken from its owner', () => {
  it('may be, where its owner was silent when it was read', async () => {
    expect(await brokenAfter(heard(atSecond(500)))).toEqual([]);
  });

  it('may not be, where its owner was heard whenever it was read', async () => {
    expect(await brokenAfter(heard(atSecond(598)), heard(atSecond(599)))).toHaveLength(1);
  });

  it('may be, where its owner was silent at the reading for this task, and heard at one for another', async () => {
    expect(await brokenAfter(heard(atSecond(500)), heard(atSecond(599)))).toEqual([]);
  });
});
