import { describe, expect, it } from 'vitest';
import { decideWindow, type WindowQuestion } from '../../lib/decisions/decide-window.ts';
import { addMs, type EpochMs } from '../../lib/fleet/time.ts';
import { START } from '../support/records.ts';

const HOUR = 3_600;

/** Forty tasks of half an hour on four on-demand machines: five hours and four minutes, in a window of twelve. */
const QUESTION: WindowQuestion = {
  window: { windowSeconds: 12 * HOUR, slots: 1 },
  now: START,
  oldestSubmittedAt: START,
  taskSeconds: 1_800,
  tasks: 40,
  inHand: 0,
  hasSpot: false,
  onDemandFreeInSeconds: [],
  onDemandMax: 4,
};

const atHour = (hours: number): EpochMs => addMs(START, hours * HOUR * 1_000);

/** Four minutes to start and once more, a task begun again, ten minutes kept back: 40 × 0.5 h / 4 + 0.8 h before the end. */
const LAST_CALL_HOURS = 12 - 5 - (4 + 4 + 30 + 10) / 60;

const decide = (changes: Partial<WindowQuestion> = {}) => decideWindow({ ...QUESTION, ...changes });

describe('while there is time', () => {
  it('spot is waited for, to the minute at which losing it once could be made good no longer', () => {
    expect(decide({ now: atHour(LAST_CALL_HOURS) }).kind).toBe('wait');
    expect(decide({ now: atHour(LAST_CALL_HOURS + 1 / 60) }).kind).toBe('buy');
  });

  it('spot machines that run go on a start-up longer: to lose them costs a task and no start-up of theirs', () => {
    const now = atHour(LAST_CALL_HOURS + 4 / 60);
    expect(decide({ now, hasSpot: true }).kind).toBe('wait');
    expect(decide({ now: addMs(now, 60_000), hasSpot: true }).kind).toBe('buy');
  });

  it('spot that is there is no reason to wait when little is left: it may be lost as well', () => {
    // Two tasks of five seconds, on one machine: 4 min, 5 s × 2, 5 s, 10 min.
    const little = { tasks: 2, taskSeconds: 5, onDemandMax: 1, hasSpot: true };
    const at = (secondsLeft: number) => addMs(START, (12 * HOUR - secondsLeft) * 1_000);
    expect(decide({ ...little, now: at(855) }).kind).toBe('wait');
    expect(decide({ ...little, now: at(854) }).kind).toBe('buy');
    expect(decide({ ...little, now: at(1) }).kind).toBe('buy');
  });

  it('so many machines are wanted as bring the tasks in time at an even pace', () => {
    // 12 h less 0.8 h are 22 tasks one after the other: two machines. In six hours less 0.8 h ten each: four.
    expect(decide()).toMatchObject({ kind: 'wait', machines: 2 });
    expect(decide({ now: atHour(6) })).toMatchObject({ kind: 'wait', machines: 4 });
  });

  it('a machine that runs several tasks at once counts as several', () => {
    expect(decide({ window: { ...QUESTION.window, slots: 2 } })).toMatchObject({ kind: 'wait', machines: 1 });
  });

  it('on-demand machines that are there stay until there is half an hour more', () => {
    const onDemandFreeInSeconds = [0, 0, 0];
    const now = atHour(LAST_CALL_HOURS - 0.4);
    expect(decide({ now, onDemandFreeInSeconds })).toMatchObject({ kind: 'wait', onDemandKept: 3 });
    expect(decide({ now: atHour(LAST_CALL_HOURS - 0.6), onDemandFreeInSeconds })).toMatchObject({ onDemandKept: 0 });
  });

  it('says so in words', () => {
    expect(decide({ now: atHour(2) })).toMatchObject({
      reason:
        '40 tasks of up to 30 min, the first due in 10 h, would take 5.1 h on 4 on-demand machines: there is time to wait for spot',
    });
  });
});

describe('when time runs short', () => {
  /** Three hours before the end. Less the reserve and a start-up, a machine ends five tasks in them. */
  const late = { now: atHour(9), tasks: 20 };

  it('so many are bought as end the tasks in the time that is left, and no more', () => {
    expect(decide(late)).toMatchObject({ kind: 'buy', onDemand: 4, isEnough: true });
    expect(decide({ ...late, inHand: 6 })).toMatchObject({ kind: 'buy', onDemand: 3 });
    expect(decide({ ...late, inHand: 20 })).toMatchObject({ kind: 'buy', onDemand: 0, isEnough: true });
  });

  it('what on-demand machines are doing is counted, and nothing is bought for it again', () => {
    // Two that begin their next task in ten minutes end five each as well: ten of sixteen.
    expect(decide({ ...late, inHand: 4, onDemandFreeInSeconds: [600, 600] })).toMatchObject({ onDemand: 4 });
    expect(decide({ ...late, inHand: 10, onDemandFreeInSeconds: [600, 600] })).toMatchObject({ onDemand: 2 });
  });

  it('a window that cannot be kept gets as many machines as there may be, and is told', () => {
    const decision = decide({ now: atHour(11) });
    expect(decision).toMatchObject({ kind: 'buy', onDemand: 4, isEnough: false });
    expect(decision).toMatchObject({ reason: expect.stringContaining('not all of them can be in time') });
  });

  it('in the last minutes no more are bought than there are tasks', () => {
    expect(decide({ now: atHour(11.8), tasks: 2 })).toMatchObject({ kind: 'buy', onDemand: 2, isEnough: false });
  });

  it('a window that is over is missed', () => {
    expect(decide({ now: atHour(12) })).toEqual({
      kind: 'missed',
      reason: 'a task has been due since 2026-01-01T12:00:00.000Z',
    });
  });
});

describe('what is not known', () => {
  it.each<readonly [string, Partial<WindowQuestion>, string]>([
    ['how long tasks take', { taskSeconds: undefined }, 'nobody knows yet how long a task takes'],
    ['since when they wait', { oldestSubmittedAt: undefined }, 'nobody knows since when the oldest task waits'],
    ['whether on demand may stand in', { onDemandMax: 0 }, 'on demand may not stand in for spot'],
  ])('%s: is never taken for 0', (_what, changes, reason) => {
    expect(decide(changes)).toEqual({ kind: 'unknown', reason });
  });

  it('without tasks nothing is due', () => {
    expect(decide({ tasks: 0, taskSeconds: undefined })).toEqual({ kind: 'none' });
  });
});
