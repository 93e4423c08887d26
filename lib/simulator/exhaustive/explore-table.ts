import { type ModelRow, modelRowOf, modelStep } from '../../audit/task-model.ts';
import { fleetName, instanceId, sessionId, taskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { applyTaskStep, type TaskStep } from '../../fleet/task-protocol.ts';
import { epochMs } from '../../fleet/time.ts';
import { expectedOutcome } from '../audit/judge-step.ts';
import { collectDifferences } from './differences.ts';

/** How large the world is that is explored whole. */
export interface TableBounds {
  readonly workers: number;
  readonly attempts: number;
  readonly checkpoints: number;
  readonly failuresMax: number;
  readonly reclaims: number;
}

export interface TableExploration {
  /** Rows that can be reached, each with every step tried on it. */
  readonly states: number;
  readonly transitions: number;
  /** Steps on which code and table differ, those of one kind told once. */
  readonly differences: readonly string[];
}

const NOW = epochMs(1_000_000);
const CONTENT = { inline: '{}', sha256: 'digest' } as const;
const TASK = taskId('explored');

const workerName = (index: number) => instanceId(`i-00000${index}`);

const FRESH: TaskRecord = {
  form: 1,
  taskId: TASK,
  fleet: fleetName('explored'),
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: CONTENT,
  submittedAt: NOW,
  checkAt: NOW,
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Every step that anybody could ask for within the bounds: zombies of every attempt, and every worker as owner. */
const stepsWithin = ({ workers, attempts, checkpoints, failuresMax }: TableBounds): readonly TaskStep[] => {
  const owners = upTo(workers).map(workerName);
  const perAttempt = upTo(attempts).flatMap((attempt): TaskStep[] => [
    { step: 'commit', attempt, result: { inline: String(attempt), sha256: String(attempt) }, now: NOW },
    { step: 'check-again', attempt, checkAt: NOW },
    ...upTo(checkpoints).map(
      (sequence): TaskStep => ({ step: 'checkpoint', attempt, checkpoint: { sequence, content: CONTENT } }),
    ),
    ...upTo(failuresMax).map(
      (count): TaskStep => ({
        step: 'fail',
        attempt,
        reason: 'explored',
        now: NOW,
        failuresMax,
        retryDelaySeconds: 0,
        failuresBefore: count - 1,
      }),
    ),
    ...owners.flatMap((owner): TaskStep[] => [
      { step: 'hand-back', attempt, owner, now: NOW, countsAsReclaim: true },
      { step: 'hand-back', attempt, owner, now: NOW, countsAsReclaim: false },
      { step: 'release', attempt, owner, now: NOW },
    ]),
  ]);
  return [
    { step: 'submit', row: FRESH },
    ...owners.map((owner): TaskStep => ({ step: 'take', owner, session: sessionId(owner), now: NOW })),
    // An agent that was set up anew: its takings are not those of the one before it.
    { step: 'take', owner: workerName(1), session: sessionId('another'), now: NOW },
    ...perAttempt,
    { step: 'cancel', now: NOW },
    { step: 'retry', now: NOW },
  ];
};

const modelOf = (row: TaskRecord | undefined): ModelRow | undefined => row && modelRowOf(row);

/** An agent says how many failures it read when it took the task; one that says otherwise does not exist. */
const isSaid = (row: TaskRecord | undefined, step: TaskStep): boolean =>
  step.step !== 'fail' || row === undefined || row.attempt !== step.attempt || step.failuresBefore === row.failures;

const isWithin = (row: TaskRecord, bounds: TableBounds): boolean =>
  row.attempt <= bounds.attempts && row.reclaims <= bounds.reclaims;

const keyOf = (row: TaskRecord | undefined): string => JSON.stringify(row ?? null);

/**
 * Tries every step on every row that can be reached, with the product's code and with the table written anew for the
 * auditor, until nothing new is reached. What the code changes must be what the table changes, and nothing else.
 */
export const exploreTable = (bounds: TableBounds): TableExploration => {
  const steps = stepsWithin(bounds);
  const seen = new Set<string>([keyOf(undefined)]);
  const left: (TaskRecord | undefined)[] = [undefined];
  const differences = collectDifferences();
  let transitions = 0;
  for (let row = left.pop(); seen.size > 0; row = left.pop()) {
    for (const step of steps) {
      if (!isSaid(row, step)) continue;
      transitions += 1;
      const outcome = applyTaskStep(row, step);
      const after = outcome.outcome === 'done' ? outcome.row : row;
      const expected = modelStep(modelOf(row), step);
      const isSame = keyOf(row) === keyOf(after);
      const told = expectedOutcome(row, step, expected.isAllowed);
      const isChanged = JSON.stringify(modelOf(after)) === JSON.stringify(expected.row);
      const isRight = outcome.outcome === told && isChanged && (expected.isAllowed || isSame);
      if (!isRight) differences.note({ row, step, told: outcome.outcome, expected: told });
      if (after === undefined || !isWithin(after, bounds) || seen.has(keyOf(after))) continue;
      seen.add(keyOf(after));
      left.push(after);
    }
    if (left.length === 0) break;
  }
  return { states: seen.size, transitions, differences: differences.told(transitions) };
};
