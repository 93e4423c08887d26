/**
 * Lists from the indexes of the tasks table. DynamoDB by reliability B14: indexes are eventually consistent, lists are for
 * people.
 * Held against the adapter by `test/contracts/task-listing.test.ts`.
 *
 * Not modelled: an index that is behind, pages that end anywhere.
 */
import type { TaskId } from '../../fleet/ids.ts';
import { isFinished, type TaskRecord } from '../../fleet/task.ts';
import type { TaskListing, TaskSummary } from '../../ports/task-listing.ts';

const PAGE_SIZE = 100;

const summaryOf = (row: TaskRecord): TaskSummary => {
  const { form: _form, body: _body, result: _result, checkpoint, checkpointBefore: _before, ...rest } = row;
  return {
    ...rest,
    ...(checkpoint === undefined ? {} : { checkpointSequence: checkpoint.sequence }),
    ...(checkpoint?.share === undefined ? {} : { share: checkpoint.share }),
  };
};

const inListOrder = (one: TaskRecord, other: TaskRecord): number =>
  isFinished(one) ? other.finishedAt! - one.finishedAt! : one.checkAt! - other.checkAt!;

/** Lists of the rows of a ledger in memory. */
export const memoryTaskListing = (rows: ReadonlyMap<TaskId, TaskRecord>): TaskListing => ({
  async *list({ status, fleet }) {
    const found = [...rows.values()]
      .filter((row) => row.status === status && (fleet === undefined || row.fleet === fleet))
      .sort(inListOrder)
      .map(summaryOf);
    for (let from = 0; from < found.length; from += PAGE_SIZE) yield found.slice(from, from + PAGE_SIZE);
  },
});
