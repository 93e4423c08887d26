import type { TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Run } from './concurrent-runs.ts';
import type { Judge } from './promises.ts';
import { drainEnd, isSaidToBeGone } from './what-items-say.ts';

/** The window of a drain without a deadline, and the widest margin: a run may have no more time than that allows. */
const WINDOW = { windowSeconds: 120 };
const MARGIN_MS = 20_000;

/** A checkpoint is given no less than this. */
const CHECKPOINT_MS_MIN = 3_000;

/** Decided by what was known a look earlier, and of another task's end a moment later. */
const SLACK_MS = 15_000;

export interface AsksWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
  /** When its metadata says that it ends, which may be sooner than its item says. */
  readonly endTold: () => EpochMs | undefined;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
  /** What runs in this process. */
  readonly running: () => readonly Run[];
  /** Calls of the process that have failed so far. */
  readonly failures: () => number;
}

interface Asked extends Run {
  readonly at: EpochMs;
  readonly failures: number;
  /** What all checkpoints of the machine take, one after the other. */
  readonly checkpointsMs: number;
}

/**
 * A task that keeps its work goes on until its last checkpoint can just be written (design, section 4, step 6). Asked to
 * stop as soon as its machine drains, it would lose nothing that counts, and two minutes of a machine each time.
 */
export const watchAsks = ({ now, judge, item, rowOf, endTold, running, failures }: AsksWorld) => {
  const asked: Asked[] = [];
  let longestMs = CHECKPOINT_MS_MIN;

  const isOurs = ({ id, attempt }: Run): boolean => {
    const row = rowOf(id);
    return row?.status === 'running' && row.attempt === attempt && row.checkpoint !== undefined;
  };

  const judgeAsked = ({ id, at, failures: before, checkpointsMs }: Asked): void => {
    const record = item();
    if (record?.drainingAt === undefined || isSaidToBeGone(record) || failures() !== before) return;
    const endsAt = Math.min(drainEnd(record, record.drainingAt, WINDOW), endTold() ?? Number.POSITIVE_INFINITY);
    const leftMs = endsAt - MARGIN_MS - at;
    if (leftMs <= checkpointsMs + SLACK_MS) return;
    judge.say(
      'M1',
      `${id} keeps its work, and is asked to stop ${Math.round(leftMs / 1_000)} s before its time is over`,
    );
  };

  return {
    /** A checkpoint was accepted after so long. */
    saved: (ms: number): void => {
      longestMs = Math.max(longestMs, ms);
    },
    /** A run is asked to stop, before it has come to its end. */
    asked: (run: Run): void => {
      if (!isOurs(run)) return;
      const eachMs = Math.max(longestMs, item()?.runTimesExpected?.checkpointNineTenthsMs ?? 0);
      asked.push({ ...run, at: now(), failures: failures(), checkpointsMs: running().length * eachMs });
    },
    /** Once the machine's item says what the agent may have known before. */
    look: (): void => {
      for (const one of asked.splice(0)) judgeAsked(one);
    },
  };
};
