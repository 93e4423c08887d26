import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideAgentSteps,
  mayTakeTask,
  type RunningTask,
  type TimeLeft,
} from '../../lib/decisions/decide-agent-step.ts';
import { powerOffAt } from '../../lib/decisions/decide-power-off.ts';
import { decideRevisitSeconds } from '../../lib/decisions/decide-revisit.ts';
import { forecastOf } from '../../lib/decisions/remaining-time.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { A_POOL, aRecord, atSecond, START } from '../support/records.ts';

/** A notice of 120 s with a margin of 10 s: the task must be gone at 110 s, and is asked to stop at 107 s. */
const LEFT: TimeLeft = { since: START, deadline: atSecond(120), marginSeconds: 10 };

/** Half of the queue's tasks end within 500 s, nine of ten within 600 s. */
const LONG = { samples: 20, halfMs: 500_000, nineTenthsMs: 600_000 };

const aTask = (changes: Partial<RunningTask> = {}): RunningTask => ({
  startedAt: START,
  keptAt: changes.startedAt ?? START,
  saves: 'unknown',
  ...changes,
});

const decideOne = (task: RunningTask, left: TimeLeft = LEFT, now = START) => decideAgentSteps([task], left, now)[0]!;

describe('a running task on a draining machine', () => {
  it('of which nothing is known runs on, and is asked to stop at the last moment', () => {
    expect(decideOne(aTask())).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(107),
      endAt: atSecond(110),
    });
  });

  it('of which nothing is known runs on however little it has run, and however much time is left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 1, max: 900_000 }), (ranMs, leftMs) => {
        const left = { ...LEFT, deadline: addMs(START, leftMs), marginSeconds: 0 };
        const step = decideOne(aTask({ startedAt: addMs(START, -ranMs) }), left);
        expect(step.do).toBe('checkpoint-and-hand-back');
      }),
      { numRuns: 1_000, examples: [[5_361, 587_855]] },
    );
  });

  it('that is expected to end in time is finished, by its queue’s times or by its own word', () => {
    const learned = { samples: 20, halfMs: 60_000, nineTenthsMs: 100_000 };
    expect(decideOne(aTask({ startedAt: atSecond(-30) }), { ...LEFT, learned })).toMatchObject({ do: 'finish' });
    expect(decideOne(aTask({ toldLeftMs: 110_000 }))).toMatchObject({
      do: 'finish',
      endExpectedAt: atSecond(110),
      lookAgainAt: atSecond(110),
    });
  });

  it('that says it will not end in time, long before the end, and has kept nothing is handed back at once', () => {
    const task = aTask({ startedAt: atSecond(-30), toldLeftMs: 3_600_000 });
    expect(decideOne(task)).toMatchObject({ do: 'hand-back-now', endAt: atSecond(3) });
    expect(decideOne({ ...task, saves: 'no' })).toMatchObject({ do: 'hand-back-now', endAt: START });
    expect(decideOne(aTask({ startedAt: atSecond(-30) }), { ...LEFT, learned: LONG })).toMatchObject({
      do: 'hand-back-now',
    });
  });

  it('that has run for long and might just end runs on: one in three is better odds than the time it would cost', () => {
    const task = aTask({ startedAt: atSecond(-3_600), toldLeftMs: 130_000 });
    expect(decideOne(task)).toMatchObject({ do: 'checkpoint-and-hand-back', stopAt: atSecond(107) });
    expect(decideOne({ ...task, saves: 'no' })).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(110),
    });
  });

  it('that has outrun nine tenths of its queue, or its own word, is one of which nothing is known', () => {
    const overdue = aTask({ startedAt: atSecond(-700) });
    expect(decideOne(overdue, { ...LEFT, learned: LONG })).toMatchObject({ do: 'checkpoint-and-hand-back' });
    expect(decideOne(aTask({ startedAt: atSecond(-5), toldLeftMs: -1 }))).toMatchObject({
      do: 'checkpoint-and-hand-back',
    });
  });

  it('that saves works on, and is asked to stop when its queue’s checkpoint time is left', () => {
    const task = aTask({ keptAt: atSecond(1), saves: 'yes' });
    const left = { ...LEFT, learned: LONG, checkpointMs: 8_000 };
    expect(decideOne(task, left, atSecond(2))).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(102),
      endAt: atSecond(110),
    });
  });

  it('that saves is never left to finish beyond the moment at which it could still save', () => {
    const task = aTask({ saves: 'yes', toldLeftMs: 108_000 });
    expect(decideOne(task)).toMatchObject({ do: 'checkpoint-and-hand-back', stopAt: atSecond(107) });
  });

  it('is asked to stop when the time is used up', () => {
    expect(decideOne(aTask({ saves: 'yes' }), LEFT, atSecond(108))).toMatchObject({
      do: 'checkpoint-and-hand-back',
      stopAt: atSecond(108),
    });
  });

  it('is handed back now when no time is left', () => {
    expect(decideOne(aTask({ saves: 'yes' }), LEFT, atSecond(110))).toMatchObject({
      do: 'hand-back-now',
      endAt: atSecond(110),
    });
  });

  it('that was asked to stop and writes its checkpoint is given until deadline − margin, and no other', () => {
    const stopping = { askedAt: START, endAt: atSecond(3) };
    expect(decideOne(aTask({ stopping }), LEFT, atSecond(3))).toMatchObject({
      do: 'hand-back-now',
      endAt: atSecond(3),
    });
    expect(decideOne(aTask({ stopping, isSaving: true }), LEFT, atSecond(3))).toMatchObject({
      do: 'checkpoint-and-hand-back',
      endAt: atSecond(110),
    });
  });
});

describe('several running tasks on a draining machine', () => {
  const saving = (keptAtSecond: number) => aTask({ saves: 'yes', keptAt: atSecond(keptAtSecond), startedAt: START });
  const stopsOf = (tasks: readonly RunningTask[], left: TimeLeft, now = atSecond(50)) =>
    decideAgentSteps(tasks, left, now).map((step) => (step.do === 'checkpoint-and-hand-back' ? step.stopAt : step.do));

  it('are asked to stop one after the other, most unsaved work first', () => {
    expect(stopsOf([saving(30), saving(10), saving(20)], { ...LEFT, checkpointMs: 5_000 })).toEqual([
      atSecond(105),
      atSecond(95),
      atSecond(100),
    ]);
  });

  it('are asked together where their checkpoints take no time worth speaking of', () => {
    expect(stopsOf([saving(30), saving(10), saving(20)], { ...LEFT, checkpointMs: 100 })).toEqual(
      Array(3).fill(atSecond(107)),
    );
  });

  it('of which not all can save: those with most to lose do, the others are asked with the last', () => {
    expect(stopsOf([saving(49), saving(10), saving(20)], { ...LEFT, checkpointMs: 25_000 })).toEqual([
      atSecond(85),
      atSecond(60),
      atSecond(85),
    ]);
  });

  it('of which nothing is known of their checkpoints leave three quarters of the notice for work', () => {
    const stops = stopsOf(
      Array.from({ length: 100 }, () => saving(0)),
      LEFT,
      START,
    ) as number[];
    expect(Math.min(...stops)).toBe(atSecond(110 - 27.5));
  });
});

/**
 * An independent model: tasks that save write their checkpoints one after the other, in the order in which they are asked
 * to stop, each taking the same time; a checkpoint that is not through at the end is worth nothing. What a task has
 * worked until it was asked counts when it is through. Tries every order and every choice of stop times on a grid.
 */
const keptBySchedule = (stops: readonly number[], unsaved: readonly number[], each: number, end: number): number => {
  const order = [...stops.keys()].sort((one, other) => stops[one]! - stops[other]! || unsaved[other]! - unsaved[one]!);
  let free = 0;
  let kept = 0;
  for (const index of order) {
    const through = Math.max(free, stops[index]!) + each;
    if (through <= end) kept += unsaved[index]! + stops[index]!;
    if (through <= end) free = through;
  }
  return kept;
};

const everySchedule = function* (count: number, until: number): Generator<readonly number[]> {
  if (count === 0) return yield [];
  for (let stop = 0; stop <= until; stop += 1) {
    for (const rest of everySchedule(count - 1, until)) yield [stop, ...rest];
  }
};

describe('whatever is running and however long is left', () => {
  const GRACE = 3;

  it('no other choice of stop times keeps more work, by a model that tries them all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 7, max: 14 }),
        (unsaved, each, end) => {
          const now = atSecond(1_000);
          const tasks = unsaved.map((seconds) =>
            aTask({ startedAt: atSecond(0), saves: 'yes', keptAt: atSecond(1_000 - seconds) }),
          );
          const left = {
            since: now,
            deadline: atSecond(1_000 + end + 10),
            marginSeconds: 10,
            checkpointMs: each * 1_000,
          };
          const stops = decideAgentSteps(tasks, left, now).map((step) => {
            expect(step.do).toBe('checkpoint-and-hand-back');
            return step.do === 'checkpoint-and-hand-back' ? (step.stopAt - now) / 1_000 : 0;
          });
          const latest = end - Math.max(GRACE, each);
          expect(Math.max(...stops)).toBeLessThanOrEqual(latest);
          let best = 0;
          for (const schedule of everySchedule(unsaved.length, latest)) {
            best = Math.max(best, keptBySchedule(schedule, unsaved, each, end));
          }
          expect(keptBySchedule(stops, unsaved, each, end)).toBe(best);
        },
      ),
      { numRuns: 250 },
    );
  }, 60_000);

  const seconds = fc.integer({ min: -4_000, max: 130 });
  const anyTask = fc
    .record({
      startedAt: seconds,
      keptAfter: fc.nat({ max: 4_000 }),
      saves: fc.constantFrom('yes', 'no', 'unknown'),
      told: fc.option(fc.integer({ min: -500, max: 5_000 }), { nil: undefined }),
      asked: fc.option(fc.nat({ max: 120 }), { nil: undefined }),
      isSaving: fc.boolean(),
    })
    .map(
      ({ startedAt, keptAfter, saves, told, asked, isSaving }): RunningTask => ({
        startedAt: atSecond(startedAt),
        keptAt: atSecond(startedAt + keptAfter),
        saves,
        isSaving,
        ...(told === undefined ? {} : { toldLeftMs: told * 1_000 }),
        ...(asked === undefined ? {} : { stopping: { askedAt: atSecond(asked), endAt: atSecond(asked + 3) } }),
      }),
    );

  it('nothing is planned beyond deadline − margin, nor in the past, and no finish is expected after it', () => {
    fc.assert(
      fc.property(
        fc.array(anyTask, { maxLength: 12 }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 125 }),
        fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
        fc.option(fc.tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 1_000_000 })), { nil: undefined }),
        (tasks, marginSeconds, nowSecond, checkpointMs, times) => {
          const learned = times && { samples: 9, halfMs: Math.min(...times), nineTenthsMs: Math.max(...times) };
          const left = {
            ...LEFT,
            marginSeconds,
            ...(checkpointMs === undefined ? {} : { checkpointMs }),
            ...(learned === undefined ? {} : { learned }),
          };
          const now = atSecond(nowSecond);
          const latest = Math.max(now, LEFT.deadline - marginSeconds * 1_000);
          for (const [index, step] of decideAgentSteps(tasks, left, now).entries()) {
            if (step.do === 'finish') {
              expect(step.lookAgainAt).toBeGreaterThan(now);
              expect(step.lookAgainAt).toBeLessThanOrEqual(latest);
              expect(step.endExpectedAt).toBeLessThanOrEqual(latest);
              continue;
            }
            expect(step.endAt).toBeLessThanOrEqual(latest);
            if (step.do === 'hand-back-now') expect(step.endAt).toBeGreaterThanOrEqual(now);
            else expect(step.endAt).toBeGreaterThan(now);
            if (step.do === 'checkpoint-and-hand-back' && tasks[index]!.stopping === undefined) {
              expect(step.stopAt).toBeGreaterThanOrEqual(now);
              expect(step.stopAt).toBeLessThanOrEqual(step.endAt);
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('how long a task still needs', () => {
  const learned = { samples: 20, halfMs: 100_000, nineTenthsMs: 300_000 };

  it('one that has just begun ends within half and nine tenths of its queue’s times with those odds', () => {
    const forecast = forecastOf({ elapsedMs: 0, learned });
    expect(forecast.medianMs).toBeCloseTo(100_000, 3);
    expect(forecast.chanceWithin(100_000)).toBeCloseTo(0.5, 9);
    expect(forecast.chanceWithin(300_000)).toBeCloseTo(0.9, 9);
  });

  it('one that has run already is judged by those that ran as long: 100 s on, S(300)/S(100) = 0.1/0.5', () => {
    const forecast = forecastOf({ elapsedMs: 100_000, learned });
    expect(forecast.chanceWithin(200_000)).toBeCloseTo(0.8, 9);
    expect(forecast.source).toBe('learned');
  });

  it('one past nine tenths says nothing of ending soon: it is as likely as not to run as long again', () => {
    const forecast = forecastOf({ elapsedMs: 300_000, learned });
    expect(forecast).toMatchObject({ source: 'unknown', medianMs: 300_000 });
    expect(forecast.chanceWithin(300_000)).toBe(0.5);
    expect(forecast.chanceWithin(100_000)).toBe(0.25);
  });

  it('its own word counts before its queue, until it is used up', () => {
    expect(forecastOf({ elapsedMs: 5_000, toldLeftMs: 40_000, learned })).toMatchObject({
      source: 'told',
      medianMs: 40_000,
    });
    expect(forecastOf({ elapsedMs: 5_000, toldLeftMs: 40_000 }).chanceWithin(60_000)).toBeCloseTo(0.9, 9);
    expect(forecastOf({ elapsedMs: 5_000, toldLeftMs: 0, learned })).toMatchObject({ source: 'unknown' });
  });

  it('is never negative, and more time is never a worse chance', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            elapsedMs: fc.nat({ max: 10_000_000 }),
            toldLeftMs: fc.integer({ min: 1, max: 10_000_000 }),
            learned: fc.tuple(fc.nat({ max: 10_000_000 }), fc.nat({ max: 10_000_000 })).map(([one, other]) => ({
              samples: 5,
              halfMs: Math.min(one, other),
              nineTenthsMs: Math.max(one, other),
            })),
          },
          { requiredKeys: ['elapsedMs'] },
        ),
        fc.nat({ max: 10_000_000 }),
        fc.nat({ max: 10_000_000 }),
        (evidence, within, more) => {
          const forecast = forecastOf(evidence);
          expect(forecast.medianMs).toBeGreaterThanOrEqual(0);
          const chance = forecast.chanceWithin(within);
          expect(chance).toBeGreaterThanOrEqual(0);
          expect(forecast.chanceWithin(within + more)).toBeGreaterThanOrEqual(chance);
          expect(forecast.chanceWithin(within + more)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
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
    ['nothing known', takenAt(0), undefined, 37],
    ['almost done', takenAt(-100), 110_000, 37],
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
  it('five minutes past EC2’s own deadline, though it has been asked to end sooner', () => {
    const stopping = { at: START, deadline: atSecond(50), recordedAt: START };
    const record = aRecord({ signals: { ...notice, 'machine-stopping': stopping } });
    expect(powerOffAt(record, atSecond(5))).toBe(atSecond(420));
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
