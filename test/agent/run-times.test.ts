import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../lib/agent/attempt.ts';
import { countLosses, lossesOf } from '../../lib/agent/losses.ts';
import { observeRun } from '../../lib/agent/observed-run.ts';
import { createRunTimes } from '../../lib/agent/run-times.ts';
import { emptyTally } from '../../lib/agent/tally.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { atSecond, START } from '../support/records.ts';

describe('learned run times', () => {
  const seeing = (...times: readonly number[]) => {
    const runTimes = createRunTimes();
    for (const time of times) runTimes.add(time);
    return runTimes;
  };

  it('say nothing before five tasks have ended', () => {
    expect(seeing(1, 2, 3, 4).summary()).toBeUndefined();
    expect(seeing(1, 2, 3, 4).expectedMs()).toBeUndefined();
  });

  it('tell what half and nine tenths of the tasks end within', () => {
    const summary = seeing(100, 20, 90, 30, 80, 40, 70, 50, 60, 10).summary();
    expect(summary).toEqual({ samples: 10, halfMs: 50, nineTenthsMs: 90 });
  });

  it('forget all but the last 64, and remember how many there were', () => {
    const summary = seeing(...Array(100).fill(1_000), ...Array(64).fill(5)).summary();
    expect(summary).toEqual({ samples: 164, halfMs: 5, nineTenthsMs: 5 });
  });

  it('begin with what the fleet has seen, until they have seen enough themselves', () => {
    const expected = { samples: 9, halfMs: 1_000, nineTenthsMs: 2_000, checkpointNineTenthsMs: 300 };
    const runTimes = createRunTimes(expected);
    expect(runTimes.learned()).toEqual(expected);
    expect(runTimes.expectedMs()).toBe(2_000);
    expect(runTimes.checkpointMs()).toBe(300);
    // What others have seen is not told on as one's own.
    expect(runTimes.summary()).toBeUndefined();
    for (let run = 0; run < 5; run += 1) runTimes.add(7);
    runTimes.addCheckpoint(40);
    expect(runTimes.expectedMs()).toBe(7);
    expect(runTimes.checkpointMs()).toBe(40);
    expect(runTimes.summary()).toEqual({ samples: 5, halfMs: 7, nineTenthsMs: 7, checkpointNineTenthsMs: 40 });
  });
});

describe('what a run tells of itself', () => {
  const observing = (row: object = {}) => {
    let now: EpochMs = START;
    const runTimes = createRunTimes();
    const attempt = { row: { taskId: 'a', ...row }, startedAt: START } as unknown as Attempt;
    const run = observeRun(attempt, { runTimes, now: () => now, onChange: () => undefined });
    return {
      run,
      runTimes,
      at: (second: number) => {
        now = atSecond(second);
        return now;
      },
    };
  };

  it('a third done in 10 s means 20 s more, counted down from when it was told', () => {
    const { run, at } = observing();
    run.progress({ share: 1 / 3 }, at(10));
    expect(run.asOf(at(10)).toldLeftMs).toBeCloseTo(20_000, 6);
    expect(run.asOf(at(25)).toldLeftMs).toBeCloseTo(5_000, 6);
  });

  it('what an earlier attempt did is not counted for this one’s speed', () => {
    const { run, at } = observing({ checkpoint: { sequence: 1, share: 0.5 } });
    run.progress({ share: 0.75 }, at(30));
    expect(run.asOf(at(30)).toldLeftMs).toBe(30_000);
  });

  it('a share that has not grown says nothing', () => {
    const { run, at } = observing({ checkpoint: { sequence: 1, share: 0.5 } });
    run.progress({ share: 0.5 }, at(30));
    expect(run.asOf(at(30)).toldLeftMs).toBeUndefined();
  });

  it('its own seconds count before its share', () => {
    const { run, at } = observing();
    run.progress({ share: 0.1, secondsLeft: 7 }, at(30));
    expect(run.asOf(at(32)).toldLeftMs).toBe(5_000);
  });

  it('it saves while its first checkpoint is still being written, and nobody knows that once it could not be', async () => {
    const { run, at } = observing();
    const { promise, reject } = Promise.withResolvers<void>();
    const writing = run.saving(() => promise);
    expect(run.asOf(at(3))).toMatchObject({ saves: 'yes', isSaving: true });
    reject(new Error('no route'));
    await expect(writing).rejects.toThrow('no route');
    expect(run.asOf(at(4))).toMatchObject({ saves: 'unknown', isSaving: false });
  });

  it('it saves when it said so, when it has, or when an earlier attempt has', async () => {
    const { run, at } = observing();
    expect(run.asOf(at(0)).saves).toBe('unknown');
    run.progress({ savesWhenStopped: false }, at(0));
    expect(run.asOf(at(0)).saves).toBe('no');
    run.progress({ savesWhenStopped: true }, at(0));
    expect(run.asOf(at(0)).saves).toBe('yes');
    const other = observing();
    await other.run.saving(async () => undefined);
    expect(other.run.asOf(at(0)).saves).toBe('yes');
    expect(observing({ checkpoint: { sequence: 1 } }).run.asOf(START).saves).toBe('yes');
  });

  it('what is kept is what was there when a checkpoint was begun, once it is accepted', async () => {
    const { run, runTimes, at } = observing();
    at(10);
    await run.saving(async () => void at(14));
    expect(run.keptAt()).toBe(atSecond(10));
    expect(runTimes.checkpointMs()).toBe(4_000);
    await expect(run.saving(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(run.keptAt()).toBe(atSecond(10));
    expect(run.asOf(at(15)).isSaving).toBe(false);
  });

  it('the checkpoint that answers being asked to stop counts from the asking', async () => {
    const { run, runTimes, at } = observing();
    run.stopping(at(100), atSecond(110));
    at(103);
    await run.saving(async () => void at(104));
    expect(runTimes.checkpointMs()).toBe(4_000);
  });
});

describe('what a hand-back cost', () => {
  it('is counted from the last kept work, and the notice from its beginning to deadline − margin', () => {
    const losses = lossesOf({
      startedAt: atSecond(0),
      keptAt: atSecond(90),
      endedAt: atSecond(100.5),
      notice: { since: atSecond(50), until: atSecond(110) },
    });
    expect(losses).toEqual({ secondsLost: 10.5, secondsOfNoticeUsed: 50.5, secondsOfNoticeAvailable: 60 });
  });

  it('of a machine whose end was there at once has no notice to use', () => {
    const losses = lossesOf({
      startedAt: atSecond(0),
      keptAt: atSecond(0),
      endedAt: atSecond(60),
      notice: { since: atSecond(60), until: atSecond(50) },
    });
    expect(losses).toEqual({ secondsLost: 60, secondsOfNoticeUsed: 0, secondsOfNoticeAvailable: 0 });
  });

  it('adds up to the thousandth', () => {
    const tally = emptyTally();
    for (let time = 0; time < 3; time += 1) countLosses(tally, { secondsLost: 0.1 });
    expect(tally).toMatchObject({ secondsLost: 0.3, secondsOfNoticeUsed: 0, secondsOfNoticeAvailable: 0 });
  });
});
