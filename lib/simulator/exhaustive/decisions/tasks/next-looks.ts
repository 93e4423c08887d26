import { sessionId } from '../../../../fleet/ids.ts';
import type { TaskRecord, TaskStatus } from '../../../../fleet/task.ts';
import { applyTaskStep, type TaskStep } from '../../../../fleet/task-protocol.ts';
import { firstLookAt } from '../../../../workflows/submit-tasks.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { ID, inSeconds, NOW, secondsUntil } from '../machines/told-machines.ts';
import { RUNNING } from './told-tasks.ts';

const CONTENT = { inline: '{}', sha256: 'digest' };

const ROW: TaskRecord = { ...RUNNING, checkAt: inSeconds(-7) };

interface Case {
  readonly step: 'submit' | Exclude<TaskStep['step'], 'submit' | 'check-again'> | 'look again' | 'send again';
  readonly rest: number | undefined;
  readonly failuresMax: number;
  /** Its place among those that are submitted with it. */
  readonly position: number;
}

function* cases(): Generator<Case> {
  const plain = { rest: undefined, failuresMax: 5, position: 0 };
  for (const position of [0, 1, 799, 800, 1_600, 100_000]) yield { ...plain, step: 'submit', position };
  const others = ['take', 'checkpoint', 'commit', 'release', 'cancel', 'retry', 'look again', 'send again'] as const;
  for (const step of others) yield { ...plain, step };
  const rests = { step: ['fail', 'hand-back'], rest: [0, 1, 45, 900], failuresMax: [1, 2, 3] } as const;
  for (const tried of combinationsOf(rests)) yield { ...plain, ...tried };
}

const stepOf = ({ step, rest, failuresMax }: Exclude<Case, { step: 'submit' }>): TaskStep => {
  switch (step) {
    case 'take':
      return { step, owner: ID, session: sessionId('session-2'), now: NOW };
    case 'checkpoint':
      return { step, attempt: 3, checkpoint: { sequence: 1, content: CONTENT } };
    case 'commit':
      return { step, attempt: 3, result: CONTENT, now: NOW };
    case 'fail':
      return {
        step,
        attempt: 3,
        reason: 'bad',
        now: NOW,
        failuresMax,
        retryDelaySeconds: rest ?? 0,
        failuresBefore: 1,
      };
    case 'hand-back': {
      const rests = rest === undefined || rest === 0 ? {} : { retryDelaySeconds: rest };
      return { step, attempt: 3, owner: ID, now: NOW, countsAsReclaim: true, ...rests };
    }
    case 'release':
      return { step, attempt: 3, owner: ID, now: NOW };
    case 'look again':
      return { step: 'check-again', attempt: 3, checkAt: inSeconds(33) };
    case 'send again':
      return { step: 'check-again', attempt: 3, checkAt: inSeconds(300), sentAgainAt: NOW };
    case 'cancel':
    case 'retry':
      return { step, now: NOW };
    case 'submit':
      throw new Error('its row is made by whoever submits');
  }
};

const statusBefore = ({ step }: Case): TaskStatus => {
  if (step === 'retry') return 'dead';
  return step === 'take' || step === 'send again' ? 'ready' : 'running';
};

const decided = (tried: Case): string => {
  if (tried.step === 'submit') return `in ${secondsUntil(firstLookAt(NOW, tried.position))} s`;
  const { outcome, row } = applyTaskStep({ ...ROW, status: statusBefore(tried) }, stepOf(tried));
  if (outcome !== 'done') return outcome;
  const sent = row?.sentAgainAt === undefined ? '' : `, sent ${secondsUntil(row.sentAgainAt)} s ago`;
  return row?.checkAt === undefined ? `never${sent}` : `in ${secondsUntil(row.checkAt)} s${sent}`;
};

/**
 * An owner may be silent for 50 s. A message that was just to be sent may be missing after 30 s, one that was sent after
 * five minutes, and the rest before it comes. New tasks take half of each sweep at the most, 800 rows a minute.
 */
const expected = ({ step, rest = 0, failuresMax, position }: Case): string => {
  if (step === 'submit') return `in ${30 + 60 * Math.trunc(position / 800)} s`;
  if (step === 'commit' || step === 'cancel' || (step === 'fail' && failuresMax <= 2)) return 'never';
  if (step === 'checkpoint') return 'in -7 s';
  if (step === 'look again') return 'in 33 s';
  if (step === 'send again') return 'in 300 s, sent 0 s ago';
  if (step === 'take') return 'in 50 s';
  return step === 'release' ? 'in 30 s' : `in ${300 + rest} s`;
};

/** When the sweep looks at a task next, after each step of the protocol: on unfinished rows always. */
export const nextLooks: DecisionTable = {
  name: 'when a task is looked at next',
  promise: 'W4',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
