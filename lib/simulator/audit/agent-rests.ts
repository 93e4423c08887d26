import type { TaskId } from '../../fleet/ids.ts';
import type { TaskOutcome, TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { taskOf } from './agent-messages.ts';
import { createDebts } from './debts.ts';

/** The message goes back right after the row. */
const PUT_BACK_WITHIN_MS = 5_000;

/** A drain that the machine itself has noticed stands on its item by then. */
const WRITTEN_WITHIN_MS = 10_000;

export type RestsWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'rowOf' | 'item'>;

/** How long a task rests that one process of an agent has given back. */
export interface Rests {
  /** A step on its row has been answered. */
  answered(id: TaskId, step: TaskStep, outcome: TaskOutcome): void;
  /** `beingTold`: tasks whose rows are just told how their runs have ended. */
  received(messages: readonly ReceivedMessage[], beingTold: ReadonlySet<TaskId>): void;
  /** A message is shown after so long; calls that had failed by then. */
  shown(message: ReceivedMessage, seconds: number, failures: number): void;
  /** Another is sent, and shown after so long. */
  sent(id: TaskId, seconds: number, failures: number): void;
  /** With each heartbeat: calls that have failed so far. */
  look(failures: number): void;
}

interface Rest {
  readonly at: EpochMs;
  readonly delaySeconds: number;
  readonly hasFailed: boolean;
}

interface Early {
  readonly id: TaskId;
  readonly seconds: number;
}

/**
 * A task that failed, or that handed itself back, would only do so again: it rests for as long as its row says (O2). On a
 * machine that drains, one that is handed back may be taken at once.
 */
export const watchRests = ({ now, judge, rowOf, item }: RestsWorld): Rests => {
  const resting = new Map<TaskId, Rest>();
  /** Receipts of a task that ran then: it is put back as its message, whatever becomes of the run by the time it is. */
  const metRunning = new Set<string>();
  const unexplained = createDebts<Early>(now, WRITTEN_WITHIN_MS);

  const restOf = (step: TaskStep): Omit<Rest, 'at'> | undefined => {
    if (step.step === 'fail') return { delaySeconds: step.retryDelaySeconds, hasFailed: true };
    if (step.step !== 'hand-back' || step.retryDelaySeconds === undefined) return undefined;
    return { delaySeconds: step.retryDelaySeconds, hasFailed: false };
  };

  const say = (id: TaskId, what: string, seconds: number): void =>
    judge.say('O2', `${id} ${what}, and is shown again after ${seconds} s`);

  const sent: Rests['sent'] = (id, seconds, failures) => {
    const rest = resting.get(id);
    resting.delete(id);
    if (rest === undefined || now() - rest.at > PUT_BACK_WITHIN_MS || rowOf(id)?.status !== 'ready') return;
    if (seconds >= rest.delaySeconds) return;
    if (rest.hasFailed) say(id, 'failed', seconds);
    else unexplained.owe({ id, seconds }, failures);
  };

  return {
    answered: (id, step, outcome) => {
      const rest = restOf(step);
      if (rest === undefined || outcome.outcome !== 'done' || outcome.row.status !== 'ready') return;
      resting.set(id, { at: now(), ...rest });
    },
    received: (messages, beingTold) => {
      for (const { body, receiptHandle } of messages) {
        const id = taskOf(body);
        if (id !== undefined && (rowOf(id)?.status === 'running' || beingTold.has(id))) metRunning.add(receiptHandle);
      }
    },
    shown: ({ body, receiptHandle }, seconds, failures) => {
      if (resting.size === 0 || metRunning.has(receiptHandle)) return;
      const id = taskOf(body);
      if (id !== undefined) sent(id, seconds, failures);
    },
    sent,
    look: (failures) => {
      if (item()?.drainingAt !== undefined) unexplained.keepOnly(new Set());
      for (const { id, seconds } of unexplained.overdue(failures)) say(id, 'handed itself back', seconds);
    },
  };
};
