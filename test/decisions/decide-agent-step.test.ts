import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAgentStep, mayTakeTask } from '../../lib/decisions/decide-agent-step.ts';
import { powerOffAt } from '../../lib/decisions/decide-power-off.ts';
import { decideRevisitSeconds } from '../../lib/decisions/decide-revisit.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { A_POOL, aRecord, atSecond, START } from '../support/records.ts';

/** A notice of 120 s with a margin of 10 s: the task must be gone at 110 s, and is asked to stop at 107 s. */
const LEFT = { deadline: atSecond(120), marginSeconds: 10 };

describe('a running task on a draining machine', () => {
  it('of which nothing is known runs on until the last moment', () => {
    expect(decideAgentStep({ startedAt: START }, LEFT, START)).toMatchObject({
      do: 'finish',
      lookAgainAt: atSecond(107),
    });
  });

  it('that is expected to end in time is finished', () => {
    const task = { startedAt: atSecond(-30), runMsExpected: 137_000 };
    expect(decideAgentStep(task, LEFT, START)).toMatchObject({ do: 'finish' });
  });

  it('that would not end in time and has kept nothing is handed back at once', () => {
    const task = { startedAt: atSecond(-30), runMsExpected: 137_001 };
    expect(decideAgentStep(task, LEFT, START)).toMatchObject({ do: 'hand-back-now' });
  });

  it('that would not end in time but checkpoints works on, and is asked to stop while a checkpoint can be written', () => {
    const task = { startedAt: START, checkpointedAt: atSecond(1), runMsExpected: 600_000 };
    expect(decideAgentStep(task, LEFT, atSecond(2))).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(107),
      endAt: atSecond(110),
    });
  });

  it('is asked to stop when the time is used up, whatever was expected', () => {
    const task = { startedAt: START, runMsExpected: 1 };
    expect(decideAgentStep(task, LEFT, atSecond(107))).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(107),
    });
  });

  it('is handed back now when no time is left', () => {
    expect(decideAgentStep({ startedAt: START }, LEFT, atSecond(110))).toMatchObject({ do: 'hand-back-now' });
  });

  it('never has anything planned for it beyond deadline − margin, nor in the past', () => {
    const instant = fc.integer({ min: 0, max: 1_000_000 }).map(epochMs);
    fc.assert(
      fc.property(
        fc.record(
          { startedAt: instant, checkpointedAt: instant, runMsExpected: fc.nat({ max: 1_000_000 }) },
          { requiredKeys: ['startedAt'] },
        ),
        instant,
        fc.integer({ min: 0, max: 120 }),
        instant,
        (task, deadline, marginSeconds, now) => {
          const step = decideAgentStep(task, { deadline, marginSeconds }, now);
          const latest = deadline - marginSeconds * 1_000;
          if (step.do === 'finish') {
            expect(step.lookAgainAt).toBeGreaterThan(now);
            expect(step.lookAgainAt).toBeLessThanOrEqual(latest);
          }
          if (step.do === 'checkpoint-and-hand-back') {
            expect(step.stopAt).toBeGreaterThanOrEqual(now);
            expect(step.endAt).toBeGreaterThan(now);
            expect(step.endAt).toBeLessThanOrEqual(latest);
          }
          if (now >= latest) expect(step.do).toBe('hand-back-now');
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('asking for a task', () => {
  it.each([
    ['active', 1_000_000, true],
    ['wary', undefined, true],
    ['wary', 120_000, true],
    ['wary', 120_001, false],
    ['leaving', 1, false],
    ['draining', 1, false],
    ['gone', undefined, false],
  ] as const)('a machine that is %s, with tasks of %s ms: %s', (lifecycle, runMs, may) => {
    expect(mayTakeTask(lifecycle, runMs)).toBe(may);
  });
});

describe('a message whose task runs elsewhere', () => {
  const takenAt = (seconds: number) => ({ takenAt: atSecond(seconds) }) as TaskRecord;
  it.each([
    ['nothing known', takenAt(0), undefined, 30],
    ['almost done', takenAt(-100), 110_000, 30],
    ['what its owner needs', takenAt(-100), 400_000, 300],
    ['at most a quarter of an hour', takenAt(0), 7_200_000, 900],
    ['a clock that is behind the owner’s', takenAt(50), 100_000, 100],
  ] as const)('is put back for %s', (_name, row, runMs, seconds) => {
    expect(decideRevisitSeconds(row, runMs, START)).toBe(seconds);
  });
});

describe('a drained machine powers itself off', () => {
  const notice = { 'spot-interruption': { at: START, deadline: atSecond(120), recordedAt: START } };
  it('at once when nobody else ends it', () => {
    expect(powerOffAt(aRecord(), atSecond(5))).toBe(atSecond(5));
  });
  it('five minutes past the deadline when EC2’s own end is free', () => {
    expect(powerOffAt(aRecord({ signals: notice }), atSecond(5))).toBe(atSecond(420));
  });
  it('at once when EC2’s end costs the same as its own', () => {
    const record = aRecord({ signals: notice, launchedAt: addMs(START, -3_480_000) });
    expect(powerOffAt(record, atSecond(5))).toBe(atSecond(5));
  });
  it('at once when it was bought on demand', () => {
    const record = aRecord({ signals: notice, pool: { ...A_POOL, purchase: 'on-demand' } });
    expect(powerOffAt(record, atSecond(5))).toBe(atSecond(5));
  });
});
