import { describe, expect, it } from 'vitest';
import { fleetName, instanceId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { collectDifferences } from '../../lib/simulator/exhaustive/differences.ts';

const NOW = epochMs(1_000);
const OWNER = instanceId('i-000001');
const OTHER = instanceId('i-000002');

const ROW: TaskRecord = {
  form: 1,
  taskId: taskId('task'),
  fleet: fleetName('fleet'),
  status: 'running',
  attempt: 2,
  owner: OWNER,
  session: sessionId('session'),
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: NOW,
};

const handBack = (attempt: number, owner = OWNER) =>
  ({ step: 'hand-back', attempt, owner, now: NOW, countsAsReclaim: true }) as const;

describe('differences between code and table', () => {
  it('of one kind are told once, with how many there are', () => {
    const { note, told } = collectDifferences();
    const wrong = { row: ROW, told: 'done', expected: 'refused' };
    note({ ...wrong, step: handBack(1) });
    note({ ...wrong, row: { ...ROW, failures: 1 }, step: handBack(1) });
    note({ ...wrong, step: handBack(2, OTHER) });
    expect(told(50).map((line) => line.split(', as ')[0])).toEqual([
      'hand-back of an earlier attempt on a running row is told to be done, and should be refused (2 of 50 steps',
      'hand-back of the same attempt by another owner on a running row is told to be done, and should be refused (1 of 50 steps',
    ]);
  });

  it('in what is written are told where what is answered is right', () => {
    const { note, told } = collectDifferences();
    note({ row: undefined, step: handBack(1), told: 'refused', expected: 'refused' });
    expect(told(1)[0]).toContain('hand-back on no row is told to be refused, and changes the row otherwise');
  });
});
