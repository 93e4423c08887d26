import { mayTakeTask } from '../../../../decisions/decide-agent-step.ts';
import type { Lifecycle } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const CASES = {
  lifecycle: ['active', 'wary', 'leaving', 'draining', 'gone'] as readonly Lifecycle[],
  expectedSeconds: [undefined, 0, 12, 119.999, 120, 120.001, 7_200],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ lifecycle, expectedSeconds }: Case): string =>
  mayTakeTask(lifecycle, expectedSeconds === undefined ? undefined : expectedSeconds * 1_000) ? 'takes it' : 'does not';

/** A wary machine takes only what fits into the two minutes of a warning; of what nothing is known, everything. */
const expected = ({ lifecycle, expectedSeconds = 0 }: Case): string => {
  if (lifecycle === 'active') return 'takes it';
  return lifecycle === 'wary' && expectedSeconds <= 120 ? 'takes it' : 'does not';
};

/** Whether a machine asks for a task. */
export const takings: DecisionTable = {
  name: 'a machine that could take a task',
  promise: 'N6',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
