import { beforeEach, describe, expect, it } from 'vitest';
import type { InstanceId, TaskId } from '../../lib/fleet/ids.ts';
import type { Checkpoint, TaskRecord } from '../../lib/fleet/task.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { auditResumptions, type Resumptions } from '../../lib/simulator/audit/audit-resumptions.ts';

const TASK = 'task-1' as TaskId;
const HERE = 'i-1' as InstanceId;
const ELSEWHERE = 'i-2' as InstanceId;
const TAKEN_AT = 1_000;

const object = (sequence: number): Checkpoint => ({
  sequence,
  content: { objectKey: `content/${sequence}`, sha256: `${sequence}`, bytes: 40_000 },
});

let found: string[];
let now: number;
let audit: Resumptions;
let row: TaskRecord;

/** Its row names checkpoints 3 and 2, taken anew at `TAKEN_AT`, and its last run kept steps 1 to 3. */
beforeEach(() => {
  found = [];
  now = TAKEN_AT;
  row = { takenAt: TAKEN_AT, checkpoint: object(3), checkpointBefore: object(2) } as unknown as TaskRecord;
  audit = auditResumptions({
    now: () => now as EpochMs,
    judge: { violations: [], say: (promise, what) => void found.push(`${promise}: ${what}`) },
    rowOf: () => row,
  });
  audit.started(ELSEWHERE, TASK, 1, 0);
  for (const step of [1, 2, 3]) audit.kept(TASK, 1, step);
});

const goesOnFrom = (step: number): readonly string[] => {
  audit.started(HERE, TASK, 2, step);
  return found;
};

const TOO_EARLY = (step: number, kept: number): string => `W6: task-1 goes on from step ${step}, and had kept ${kept}`;

describe('a run goes on', () => {
  it('from the newest checkpoint', () => {
    expect(goesOnFrom(3)).toEqual([]);
  });

  it('from no earlier one while the newest can be read', () => {
    expect(goesOnFrom(2)).toEqual([TOO_EARLY(2, 3)]);
  });

  it('from the one before when the newest was cut', () => {
    audit.cut(HERE, 'content/3');
    expect(goesOnFrom(2)).toEqual([]);
  });

  it('from nothing earlier than the one before when only the newest was cut', () => {
    audit.cut(HERE, 'content/3');
    expect(goesOnFrom(0)).toEqual([TOO_EARLY(0, 2)]);
  });

  it('from its beginning when both were cut', () => {
    audit.cut(HERE, 'content/3');
    audit.cut(HERE, 'content/2');
    expect(goesOnFrom(0)).toEqual([]);
  });

  it('from the newest when an object of another task was cut', () => {
    audit.cut(HERE, 'content/another');
    expect(goesOnFrom(2)).toEqual([TOO_EARLY(2, 3)]);
  });

  it('from the newest when it was cut for another machine', () => {
    audit.cut(ELSEWHERE, 'content/3');
    expect(goesOnFrom(2)).toEqual([TOO_EARLY(2, 3)]);
  });

  it('from the one before when the newest was cut, although its row was released by then and tells no more when it was taken', () => {
    audit.cut(HERE, 'content/3');
    const { takenAt: _takenAt, ...released } = row;
    row = released;
    now = TAKEN_AT + 5;
    expect(goesOnFrom(2)).toEqual([]);
  });

  it('from the newest when it was cut before the task was taken', () => {
    now = TAKEN_AT - 1;
    audit.cut(HERE, 'content/3');
    now = TAKEN_AT;
    expect(goesOnFrom(2)).toEqual([TOO_EARLY(2, 3)]);
  });

  it('whatever the run before is told of its checkpoints after that', () => {
    audit.cut(HERE, 'content/3');
    audit.started(HERE, TASK, 2, 2);
    audit.kept(TASK, 1, 3);
    audit.started(HERE, TASK, 3, 2);
    expect(found).toEqual([]);
  });
});
