import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { type DrainTold, stepsByRule, type TaskOnDrain } from './agent-step-rule.ts';
import { stepsDecided } from './agent-steps-asked.ts';

const SAVES = ['yes', 'no', 'unknown'] as const;

interface Case {
  readonly task: TaskOnDrain;
  readonly drain: DrainTold;
}

const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };

/** By what the task tells, around each moment up to which it could run: 27 s, 30 s, 107 s and 110 s. */
function* byItsWord(): Generator<Case> {
  for (const { drain, saves, ranMs, toldLeftMs, checkpointMs } of combinationsOf({
    drain: [
      { leftMs: -1, marginMs: 10_000 },
      { leftMs: 0, marginMs: 40_000 },
      { leftMs: 1, marginMs: 0 },
      { leftMs: 2_999, marginMs: 10_000 },
      { leftMs: 3_001, marginMs: 0 },
      { leftMs: 30_000, marginMs: 10_000 },
      { leftMs: 110_000, marginMs: 10_000 },
    ],
    saves: SAVES,
    ranMs: [-5_000, 30_000, 3_600_000],
    toldLeftMs: [
      undefined,
      0,
      1,
      999,
      1_001,
      22_000,
      27_000,
      27_001,
      30_000,
      30_001,
      107_000,
      110_001,
      130_000,
      3_600_000,
    ],
    checkpointMs: [undefined, 8_000],
  })) {
    const task = { startedAt: -ranMs, keptAt: -Math.max(0, ranMs), saves, ...optional('toldLeftMs', toldLeftMs) };
    const { leftMs, marginMs } = drain;
    yield {
      task,
      drain: { since: 0, deadline: leftMs + marginMs, marginMs, ...optional('checkpointMs', checkpointMs) },
    };
  }
}

/** By what its queue's tasks took. */
function* byItsQueue(): Generator<Case> {
  for (const { leftMs, saves, ranMs, queue } of combinationsOf({
    leftMs: [5_000, 30_000, 110_000],
    saves: SAVES,
    ranMs: [0, 30_000, 59_000, 99_999, 100_000, 490_000, 600_000],
    queue: [
      { halfMs: 60_000, nineTenthsMs: 100_000 },
      { halfMs: 500_000, nineTenthsMs: 600_000 },
      { halfMs: 30_000, nineTenthsMs: 600_000 },
    ],
  })) {
    yield {
      task: { startedAt: -ranMs, keptAt: -ranMs, saves },
      drain: { since: -10_000, deadline: leftMs + 10_000, marginMs: 10_000, queue },
    };
  }
}

/** Asked already, with its checkpoint under way or not. */
function* asked(): Generator<Case> {
  for (const { leftMs, saves, endMs, isSaving, toldLeftMs } of combinationsOf({
    leftMs: [-1, 0, 1, 3_000, 20_000],
    saves: SAVES,
    endMs: [-1, 0, 1, 3_000, 40_000],
    isSaving: [undefined, false, true],
    toldLeftMs: [undefined, 500],
  })) {
    const stopping = { askedAt: -2_000, endAt: endMs };
    const told = { ...optional('isSaving', isSaving), ...optional('toldLeftMs', toldLeftMs) };
    yield {
      task: { startedAt: -60_000, keptAt: -60_000, saves, stopping, ...told },
      drain: { since: -50_000, deadline: leftMs + 10_000, marginMs: 10_000 },
    };
  }
}

function* all(): Generator<Case> {
  yield* byItsWord();
  yield* byItsQueue();
  yield* asked();
}

/** What becomes of a task that runs alone on its machine when the machine drains. */
export const agentSteps: DecisionTable = {
  name: 'a running task whose machine drains',
  promise: 'M1',
  tryAll: () =>
    compareDecisions(
      all(),
      ({ task, drain }) => stepsDecided([task], drain).join('; '),
      ({ task, drain }) => stepsByRule([task], drain).join('; '),
    ),
};
