import { forecastByRule, type KnownOfTask } from './forecast-rule.ts';

/** A running task on a draining machine; all times in milliseconds since the decision, so that what was is negative. */
export interface TaskOnDrain {
  readonly startedAt: number;
  readonly keptAt: number;
  readonly saves: 'yes' | 'no' | 'unknown';
  readonly toldLeftMs?: number;
  readonly stopping?: { readonly askedAt: number; readonly endAt: number };
  readonly isSaving?: boolean;
}

/** A drain, in the same milliseconds. */
export interface DrainTold {
  readonly since: number;
  readonly deadline: number;
  readonly marginMs: number;
  readonly queue?: NonNullable<KnownOfTask['queue']>;
  readonly checkpointMs?: number;
}

const asked = (at: number, until: number): string =>
  `asked after ${Math.round(at)} ms, over after ${Math.round(until)} ms`;

const handedBack = (at: number): string => `asked now, handed back after ${Math.round(at)} ms`;

const knownOf = ({ startedAt, toldLeftMs }: TaskOnDrain, { queue }: DrainTold): KnownOfTask => ({
  ranMs: Math.max(0, -startedAt),
  ...(toldLeftMs === undefined ? {} : { toldLeftMs }),
  ...(queue === undefined ? {} : { queue }),
});

/** Three seconds are always left for one checkpoint; what nine of ten of them take, where that is longer. */
const graceOf = ({ checkpointMs = 0 }: DrainTold): number => (checkpointMs > 3_000 ? checkpointMs : 3_000);

const WAITS_FOR_ITS_TURN = 'waits for its turn';

/** Who has been asked goes by what it was told, but for a deadline that has come nearer, or a checkpoint under way. */
const askedBefore = (task: TaskOnDrain, stopping: NonNullable<TaskOnDrain['stopping']>, over: number): string => {
  const until = task.isSaving ? over : Math.min(stopping.endAt, over);
  return until <= 0 ? handedBack(0) : asked(stopping.askedAt, until);
};

const stepAlone = (task: TaskOnDrain, drain: DrainTold): string => {
  const over = drain.deadline - drain.marginMs;
  if (over <= 0) return handedBack(0);
  if (task.stopping !== undefined) return askedBefore(task, task.stopping, over);
  const { by, medianMs, chanceWithin } = forecastByRule(knownOf(task, drain));
  const lastAsked = over - graceOf(drain);
  // What saves has to be through while it could still be asked to.
  const throughBy = task.saves === 'yes' ? lastAsked : over;
  if (by !== 'unknown' && medianMs <= throughBy) {
    return `ends after ${Math.round(medianMs)} ms, looked at after ${Math.round(Math.min(throughBy, Math.max(1_000, medianMs)))} ms`;
  }
  if (task.saves === 'yes') return WAITS_FOR_ITS_TURN;
  // What is lost by handing it back now is certain; going on, it loses the time left as well, unless it ends.
  const lostNow = -task.keptAt;
  const lostGoingOn = (1 - chanceWithin(over)) * (lostNow + over);
  if (by !== 'unknown' && lostGoingOn > lostNow) {
    return handedBack(task.saves === 'no' ? 0 : Math.min(over, graceOf(drain)));
  }
  return asked(task.saves === 'no' ? over : Math.max(0, lastAsked), over);
};

/** Where nobody knows what a checkpoint takes: three seconds each, and no more than a quarter of the notice for all. */
const checkpointOf = (drain: DrainTold, count: number): number => {
  if (drain.checkpointMs !== undefined) return drain.checkpointMs;
  const notice = drain.deadline - drain.marginMs - drain.since;
  return Math.min(3_000, Math.max(0, notice) / 4 / count);
};

/** When the task is asked that is the so-manieth of those that save: the last of those that fit has room for one. */
const turnOf = (place: number, count: number, drain: DrainTold): string => {
  const over = drain.deadline - drain.marginMs;
  const each = checkpointOf(drain, count);
  let fit = 0;
  while (fit < count && (fit + 1) * each <= over) fit += 1;
  const checkpointsToCome = place < fit ? fit - place : 1;
  return asked(Math.max(0, over - Math.max(graceOf(drain), checkpointsToCome * each)), over);
};

/** What becomes of each: those that save are asked one after the other, the one with most to lose first. */
export const stepsByRule = (tasks: readonly TaskOnDrain[], drain: DrainTold): readonly string[] => {
  const alone = tasks.map((task) => stepAlone(task, drain));
  const inTurn = tasks
    .map(({ keptAt }, index) => ({ keptAt, index }))
    .filter(({ index }) => alone[index] === WAITS_FOR_ITS_TURN)
    .sort((one, other) => one.keptAt - other.keptAt || one.index - other.index);
  return alone.map((step, index) => {
    const place = inTurn.findIndex((one) => one.index === index);
    return place < 0 ? step : turnOf(place, inTurn.length, drain);
  });
};
