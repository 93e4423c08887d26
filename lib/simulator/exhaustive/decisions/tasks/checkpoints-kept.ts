import { sessionId } from '../../../../fleet/ids.ts';
import type { Checkpoint, TaskRecord } from '../../../../fleet/task.ts';
import { applyTaskStep } from '../../../../fleet/task-protocol.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { FLEET, ID, inSeconds, TASKS } from '../machines/told-machines.ts';

const CASES = {
  status: ['running', 'ready', 'done', 'cancelled'],
  attempt: [2, 3],
  /** The newest of the row, of its third attempt or one before. */
  kept: [undefined, 4],
  fallback: [undefined, 2],
  sequence: [3, 4, 5],
  isObject: [false, true],
  before: [undefined, 1],
} as const;

type Case = CombinationOf<typeof CASES>;

const checkpoint = (sequence: number, isObject = true): Checkpoint => ({
  sequence,
  content: isObject ? { objectKey: `c-${sequence}`, sha256: 'd', bytes: 70_000 } : { inline: '{}', sha256: 'd' },
});

const rowOf = ({ status, kept, fallback }: Case): TaskRecord => ({
  form: 1,
  taskId: TASKS[0]!,
  fleet: FLEET,
  status,
  attempt: 3,
  ...(status === 'running' ? { owner: ID, session: sessionId('session-1') } : {}),
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: inSeconds(-9_000),
  ...(kept === undefined ? {} : { checkpoint: checkpoint(kept) }),
  ...(fallback === undefined ? {} : { checkpointBefore: checkpoint(fallback) }),
});

const inText = (outcome: string, kept: number | undefined, fallback: number | undefined): string =>
  `${outcome}: ${kept ?? 'none'} is kept, and ${fallback ?? 'none'} to go back to`;

const decided = (tried: Case): string => {
  const { attempt, sequence, isObject, before } = tried;
  const { outcome, row } = applyTaskStep(rowOf(tried), {
    step: 'checkpoint',
    attempt,
    checkpoint: checkpoint(sequence, isObject),
    ...(before === undefined ? {} : { before: checkpoint(before) }),
  });
  return inText(outcome, row?.checkpoint?.sequence, row?.checkpointBefore?.sequence);
};

/**
 * Ours, not finished, and higher than what is kept. What is an object can be lost while its row stands (F54): the one
 * before it is kept beside it. Only what stands already, by the same attempt, is no refusal.
 */
const expected = ({ status, attempt, kept, fallback, sequence, isObject, before }: Case): string => {
  const isOpen = status === 'running' || status === 'ready';
  const isNewer = kept === undefined || sequence > kept;
  if (isOpen && attempt === 3 && isNewer) return inText('done', sequence, isObject ? before : undefined);
  return inText(attempt === 3 && sequence === kept ? 'already' : 'refused', kept, fallback);
};

/** Which checkpoint a task goes on from, and which one if that is lost. */
export const checkpointsKept: DecisionTable = {
  name: 'a checkpoint that is written',
  promise: 'W6',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
