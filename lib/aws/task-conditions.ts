import type { InstanceId } from '../fleet/ids.ts';
import type { Checkpoint, TaskStatus } from '../fleet/task.ts';
import { STEP_CONDITIONS, type TaskCondition, type TaskStep } from '../fleet/task-protocol.ts';
import { allOf, attribute, type Fragment, fragment, value } from './expressions.ts';

/** What the conditions look at in a step; a step that lacks one of these is never given the condition that needs it. */
interface StepFacts {
  readonly step: TaskStep['step'];
  readonly attempt?: number;
  readonly owner?: InstanceId;
  readonly checkpoint?: Checkpoint;
}

const status = attribute('status');
const attempt = attribute('attempt');
const sequence = attribute('checkpoint', 'sequence');

const statusIs = (wanted: TaskStatus): Fragment => fragment`${status} = ${value(wanted)}`;
const isUnfinished = fragment`${status} IN (${value('ready')}, ${value('running')})`;

/** The protocol's named conditions as DynamoDB writes them. A name that is missing here does not compile. */
const EXPRESSIONS: { readonly [C in TaskCondition]: (step: StepFacts) => Fragment } = {
  noRow: () => fragment`attribute_not_exists(${attribute('taskId')})`,
  isReady: () => statusIs('ready'),
  isRunning: () => statusIs('running'),
  isRunningOrReady: () => isUnfinished,
  notFinished: () => isUnfinished,
  isDead: () => statusIs('dead'),
  attemptIsOurs: (step) => fragment`${attempt} = ${value(step.attempt)}`,
  ownerIsOurs: (step) => fragment`${attribute('owner')} = ${value(step.owner)}`,
  sequenceIsHigher: (step) =>
    fragment`attribute_not_exists(${attribute('checkpoint')}) OR ${sequence} < ${value(step.checkpoint?.sequence)}`,
};

/** A row of a form that this version does not know meets no step's condition, so it stays as it is. */
const formIsKnown = fragment`${attribute('form')} = ${value(1)}`;

export const conditionOf = (step: TaskStep): Fragment => {
  const named = STEP_CONDITIONS[step.step].map((name) => EXPRESSIONS[name](step));
  return allOf(step.step === 'submit' ? named : [formIsKnown, ...named]);
};
