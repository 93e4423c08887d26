import {
  type AgentStep,
  decideAgentSteps,
  type RunningTask,
  type TimeLeft,
} from '../../../../decisions/decide-agent-step.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import type { DrainTold, TaskOnDrain } from './agent-step-rule.ts';

const NOW = epochMs(1_800_000_000_000);

const taskOf = ({ startedAt, keptAt, stopping, ...others }: TaskOnDrain): RunningTask => ({
  startedAt: addMs(NOW, startedAt),
  keptAt: addMs(NOW, keptAt),
  ...others,
  ...(stopping && { stopping: { askedAt: addMs(NOW, stopping.askedAt), endAt: addMs(NOW, stopping.endAt) } }),
});

const timeLeftOf = ({ since, deadline, marginMs, queue, checkpointMs }: DrainTold): TimeLeft => ({
  since: addMs(NOW, since),
  deadline: addMs(NOW, deadline),
  marginSeconds: marginMs / 1_000,
  ...(queue && { learned: { samples: 20, ...queue } }),
  ...(checkpointMs === undefined ? {} : { checkpointMs }),
});

const after = (instant: number): string => `after ${Math.round(instant - NOW)} ms`;

const sentenceOf = (step: AgentStep): string => {
  if (step.do === 'finish') return `ends ${after(step.endExpectedAt)}, looked at ${after(step.lookAgainAt)}`;
  if (step.do === 'hand-back-now') return `asked now, handed back ${after(step.endAt)}`;
  return `asked ${after(step.stopAt)}, over ${after(step.endAt)}`;
};

/** What the product decides about tasks on a draining machine, in the sentences of the rule. */
export const stepsDecided = (tasks: readonly TaskOnDrain[], drain: DrainTold): readonly string[] =>
  decideAgentSteps(tasks.map(taskOf), timeLeftOf(drain), NOW).map(sentenceOf);
