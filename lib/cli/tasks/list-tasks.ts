import picocolors from 'picocolors';
import type { FleetName } from '../../fleet/ids.ts';
import type { TaskStatus } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { TaskListing, TaskSummary } from '../../ports/task-listing.ts';
import { printable } from '../../signals/printable.ts';
import { shortAge } from '../age.ts';
import { type Column, renderTable } from '../table.ts';

/** What wants looking at comes first. */
export const STATUSES: readonly TaskStatus[] = ['running', 'ready', 'dead', 'cancelled', 'done'];

const DETAIL_CHARACTERS_MAX = 76;

/** The first tasks of these statuses, one more than the limit where there are more. */
export const firstTasks = async (
  listing: TaskListing,
  statuses: readonly TaskStatus[],
  fleet: FleetName | undefined,
  limit: number,
): Promise<readonly TaskSummary[]> => {
  const found: TaskSummary[] = [];
  for (const status of statuses) {
    const query = fleet === undefined ? { status } : { status, fleet };
    for await (const page of listing.list(query)) {
      found.push(...page);
      if (found.length > limit) return found.slice(0, limit + 1);
    }
  }
  return found;
};

const sinceOf = ({ status, submittedAt, takenAt, finishedAt }: TaskSummary): EpochMs => {
  if (status === 'running') return takenAt ?? submittedAt;
  return finishedAt ?? submittedAt;
};

export const percent = (share: number): string => `${Math.floor(share * 100)} %`;

const detailOf = ({ status, owner, share, reason }: TaskSummary): string => {
  if (status === 'running') {
    return [`on ${owner ?? 'no machine'}`, ...(share === undefined ? [] : [percent(share)])].join(', ');
  }
  return reason === undefined ? '' : printable(reason, DETAIL_CHARACTERS_MAX);
};

const columns = (now: EpochMs): readonly Column<TaskSummary>[] => [
  { title: 'TASK', text: ({ taskId }) => taskId },
  { title: 'FLEET', text: ({ fleet }) => fleet },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'TAKEN', text: ({ attempt }) => String(attempt), isNumber: true },
  { title: 'FAILED', text: ({ failures }) => String(failures), isNumber: true },
  { title: 'FOR', text: (task) => shortAge(now - sinceOf(task)), isNumber: true },
];

/** TAKEN: how often a machine took it; FOR: how long it has been what it is. */
export const renderTasks = (tasks: readonly TaskSummary[], now: EpochMs, colour: boolean): string => {
  const { dim } = picocolors.createColors(colour);
  return renderTable(columns(now), tasks, (task) => {
    const detail = detailOf(task);
    return detail === '' ? [] : [dim(detail)];
  });
};
