import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { stepsByRule, type TaskOnDrain } from './agent-step-rule.ts';
import { stepsDecided } from './agent-steps-asked.ts';

/** It began 100 s ago, and has kept its work of up to so long ago. */
const saving = (keptMsAgo: number, others: Partial<TaskOnDrain> = {}): TaskOnDrain => ({
  startedAt: -100_000,
  keptAt: -keptMsAgo,
  saves: 'yes',
  ...others,
});

const ENDS_SOON = saving(90_000, { toldLeftMs: 500 });
const NEVER_SAVES = saving(100_000, { saves: 'no' });
const MAY_SAVE = saving(100_000, { saves: 'unknown' });
const FAR_FROM_ITS_END = saving(5_000, { saves: 'unknown', startedAt: -5_000, toldLeftMs: 3_600_000 });
const ASKED = saving(95_000, { stopping: { askedAt: -1_000, endAt: 2_000 } });
const SAVES_NOW = saving(95_000, { stopping: { askedAt: -1_000, endAt: 2_000 }, isSaving: true });

const CASES = {
  tasks: [
    [],
    [saving(30_000)],
    [saving(10_000), saving(20_000)],
    [saving(20_000), saving(20_000)],
    [saving(20_000), saving(10_000), saving(30_000)],
    [saving(40_000), saving(10_000), saving(30_000), saving(30_000)],
    // The longest run has kept its work last.
    [saving(1_000, { startedAt: -500_000 }), saving(50_000)],
    [ENDS_SOON, saving(10_000), saving(20_000)],
    [saving(10_000), NEVER_SAVES, saving(20_000)],
    [saving(10_000), saving(20_000), MAY_SAVE, FAR_FROM_ITS_END],
    [ASKED, saving(10_000), saving(20_000)],
    [saving(20_000), SAVES_NOW, ASKED],
  ],
  leftMs: [0, 1, 9_000, 50_000, 110_000],
  noticeMs: [0, 16_000, 36_000, 60_000],
  checkpointMs: [undefined, 0, 100, 2_999, 3_001, 9_000, 25_000, 60_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const by =
  (steps: typeof stepsByRule) =>
  ({ tasks, leftMs, noticeMs, checkpointMs }: Case): string => {
    const since = leftMs - noticeMs;
    const learned = checkpointMs === undefined ? {} : { checkpointMs };
    return steps(tasks, { since, deadline: leftMs + 10_000, marginMs: 10_000, ...learned }).join('; ') || 'nothing';
  };

/** What becomes of several tasks on a machine that drains: who is asked first, and when. */
export const agentStepsTogether: DecisionTable = {
  name: 'several running tasks whose machine drains',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), by(stepsDecided), by(stepsByRule)),
};
