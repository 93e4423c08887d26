import { printable } from '../../signals/printable.ts';
import type { DeadLetter } from '../../workflows/read-dead-letters.ts';
import { type Column, renderTable } from '../table.ts';

const REASON_CHARACTERS_MAX = 76;

/** What a redrive would do, in the words of the list. */
const redriveWord = (letter: DeadLetter): string => {
  if (letter.kind !== 'task') return 'leave';
  if (letter.row.status === 'dead') return 'retry';
  return letter.row.status === 'ready' || letter.row.status === 'running' ? 'bring back' : 'remove';
};

const idOf = (letter: DeadLetter): string => {
  if (letter.kind === 'task') return letter.row.taskId;
  return letter.kind === 'unknown' ? letter.taskId : `(message ${printable(letter.message.messageId, 40)})`;
};

const statusOf = (letter: DeadLetter): string => {
  if (letter.kind === 'task') return letter.row.status;
  return letter.kind === 'unknown' ? 'unknown' : 'not ours';
};

/** The ledger's reason, else the one that came with the message. */
export const reasonOf = (letter: DeadLetter): string | undefined =>
  (letter.kind === 'task' ? letter.row.reason : undefined) ?? letter.message.attributes['reason'];

const COLUMNS: readonly Column<DeadLetter>[] = [
  { title: 'TASK', text: idOf },
  { title: 'LEDGER SAYS', text: statusOf },
  {
    title: 'FAILED',
    text: (letter) => (letter.kind === 'task' ? String(letter.row.failures) : ''),
    isNumber: true,
  },
  { title: 'A REDRIVE WOULD', text: redriveWord },
];

export const renderLetters = (letters: readonly DeadLetter[], dim: (text: string) => string): string =>
  renderTable(COLUMNS, letters, (letter) => {
    const reason = reasonOf(letter);
    return reason === undefined ? [] : [dim(printable(reason, REASON_CHARACTERS_MAX))];
  });

/** For programs. The body of a message that is not ours may be confidential, and is not in it (S2). */
export const letterJson = (letter: DeadLetter): Record<string, unknown> => ({
  kind: letter.kind,
  messageId: letter.message.messageId,
  ...(letter.kind === 'task' && {
    taskId: letter.row.taskId,
    status: letter.row.status,
    attempt: letter.row.attempt,
    failures: letter.row.failures,
    reclaims: letter.row.reclaims,
  }),
  ...(letter.kind === 'unknown' && { taskId: letter.taskId }),
  ...(reasonOf(letter) !== undefined && { reason: reasonOf(letter) }),
  redrive: redriveWord(letter),
});
