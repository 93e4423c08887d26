/**
 * The tasks table. DynamoDB by reliability B14 (a step is one conditional write on one row) and B15 (an index suggests, a
 * row decides).
 * Held against the adapter by `test/contracts/task-ledger.test.ts`.
 *
 * Not modelled: an index that is behind (injected above it: F23), time to live, the 400 KB of an item, throttling and outages (injected:
 * F18, F19), forms of other versions.
 */
import { checkShard } from '../../fleet/check-shard.ts';
import type { FleetName, TaskId } from '../../fleet/ids.ts';
import { CHECK_SHARDS } from '../../fleet/limits.ts';
import { isFinished, type TaskRecord } from '../../fleet/task.ts';
import { applyTaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { addEndedTask, NO_TASKS } from '../../money/task-counts.ts';
import type { ExceptOf, TaskLedger } from '../../ports/tasks.ts';

export interface MemoryTaskLedger extends TaskLedger {
  /** Every row as it stands, for auditors. */
  readonly rows: ReadonlyMap<TaskId, TaskRecord>;
}

const byUrgency = (one: TaskRecord, other: TaskRecord): number =>
  one.checkAt! - other.checkAt! || (one.taskId < other.taskId ? -1 : 1);

const NONE: ExceptOf = new Set();

/** The index gives each of its parts the same limit, however the ids fall. */
const listed = (
  rows: Iterable<TaskRecord>,
  isAsked: (checkAt: EpochMs) => boolean,
  limit: number,
  except: ExceptOf = NONE,
): readonly TaskId[] => {
  const isListed = ({ checkAt, fleet }: TaskRecord): boolean =>
    checkAt !== undefined && isAsked(checkAt) && !except.has(fleet);
  const due = [...rows].filter(isListed).sort(byUrgency);
  const taken = new Array<number>(CHECK_SHARDS).fill(0);
  return due.filter((row) => taken[checkShard(row.taskId)]!++ < limit).map((row) => row.taskId);
};

const oldestSubmission = (rows: Iterable<TaskRecord>, fleet: FleetName, since: EpochMs): EpochMs | undefined => {
  let oldest: EpochMs | undefined;
  for (const row of rows) {
    const counts = row.fleet === fleet && !isFinished(row) && row.submittedAt >= since;
    if (counts && row.submittedAt < (oldest ?? Number.POSITIVE_INFINITY)) oldest = row.submittedAt;
  }
  return oldest;
};

/** The task ledger in memory: the protocol itself, one row at a time. */
export const memoryTaskLedger = (): MemoryTaskLedger => {
  const rows = new Map<TaskId, TaskRecord>();
  return {
    rows,
    get: async (taskId) => rows.get(taskId),
    // B14: a step is one conditional write; nothing comes between its condition and its effect.
    apply: async (taskId, step) => {
      const outcome = applyTaskStep(rows.get(taskId), step);
      if (outcome.outcome === 'done') rows.set(taskId, outcome.row);
      return outcome;
    },
    due: async (now, limit, except) => listed(rows.values(), (checkAt) => checkAt <= now, limit, except),
    dueLater: async (after, limit, except) => listed(rows.values(), (checkAt) => checkAt > after, limit, except),
    oldestUnfinished: async (fleet, since) => oldestSubmission(rows.values(), fleet, since),
    countEnded: async (fleet, from, to) =>
      [...rows.values()]
        .filter((row) => row.fleet === fleet && isFinished(row) && row.finishedAt! >= from && row.finishedAt! < to)
        .reduce(addEndedTask, NO_TASKS),
  };
};
