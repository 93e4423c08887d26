import type { TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { Said } from '../life/workload.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { type Run, runKey } from './concurrent-runs.ts';
import { drainEnd, isSaidToBeGone } from './what-items-say.ts';

/** A checkpoint is given no less than this. */
const CHECKPOINT_MS_MIN = 3_000;

/** Decided by what was known a look earlier, and of another task's end a moment later. */
const SLACK_MS = 15_000;

/** What an agent has known for so long it goes by. */
const KNOWN_MS = 10_000;

/** A moment of virtual time is no whole number of milliseconds. */
const ROUNDING_MS = 100;

/** A run that has no time left ends with the next look at it, and its row is told within a few calls. */
const ENDS_WITHIN_MS = 10_000;

/** A call that failed is tried again within 20 s: until then the row is not told. */
const TOLD_AFTER_FAILURE_MS = 30_000;

export type AsksWorld = Pick<
  AgentDutiesWorld,
  'now' | 'judge' | 'drain' | 'item' | 'endTold' | 'rowOf' | 'running' | 'wentOnAt' | 'stopsAsked' | 'stepsKept'
> & {
  /** Calls of the process that have failed so far. */
  readonly failures: () => number;
};

interface Asked extends Run, Said {
  readonly at: EpochMs;
  readonly failures: number;
  /** What all checkpoints of the machine take, one after the other. */
  readonly checkpointsMs: number;
  /** The agent was asked twice to stop, which waits for nothing. */
  readonly isForced: boolean;
}

/**
 * How long the tasks of a machine that drains go on (design, section 4, step 6). One that keeps its work does so until its
 * last checkpoint can just be written: asked to stop as soon as the drain begins, it would lose nothing that counts, and
 * two minutes of a machine each time. Asked in the last three seconds, it could not write it. None goes on beyond
 * deadline − margin: then the control plane gives it to others.
 */
export const watchAsks = (world: AsksWorld) => {
  const { now, judge, drain, item, rowOf, endTold, running, failures, wentOnAt, stopsAsked, stepsKept } = world;
  const isForced = (): boolean => stopsAsked() > 1;
  const asked: Asked[] = [];
  /** What runs that are saved in the background had done when they were asked to stop. */
  const unsaved = new Map<string, Asked>();
  const judged = new Set<string>();
  let longestMs = CHECKPOINT_MS_MIN;
  /** The end of all runs as it was known at the last look, and the calls that had failed by then. */
  let last: { readonly endsAt: number; readonly failures: number } | undefined;
  let knownSince: EpochMs = now();
  let failedAt: EpochMs | undefined;
  /** The nearest end that was known at any look: one that is called off later still ends what drains for it. */
  let nearestEnd = Number.POSITIVE_INFINITY;

  const rowOfRun = ({ id, attempt }: Run): TaskRecord | undefined => {
    const row = rowOf(id);
    return row?.status === 'running' && row.attempt === attempt ? row : undefined;
  };

  /** Deadline − margin, as far as anybody has told; it has none while nothing says that the machine drains. */
  const endOfRuns = (): number | undefined => {
    const record = item();
    if (record?.drainingAt === undefined || isSaidToBeGone(record)) return undefined;
    const endsAt = Math.min(drainEnd(record, record.drainingAt, drain), endTold() ?? Number.POSITIVE_INFINITY);
    return endsAt - secondsToMs(drain.marginSeconds);
  };

  /** It may be some seconds late, and whatever it keeps has to be written by then. */
  const judgeCutShort = ({ id, at, endsAt: ownEnd, checkpointsMs }: Asked, endsAt: number): void => {
    if (ownEnd === undefined || ownEnd <= at || ownEnd + checkpointsMs + SLACK_MS > endsAt) return;
    judge.say('M1', `${id} says that it ends in time, and is asked to stop`);
  };

  const judgeAsked = (one: Asked, endsAt: number | undefined): void => {
    const { id, at, failures: before, checkpointsMs, keeps } = one;
    if (endsAt === undefined || failures() !== before || one.isForced) return;
    const soonest = Math.min(endsAt, nearestEnd);
    judgeCutShort(one, soonest);
    if (!keeps) return;
    const leftMs = endsAt - at;
    const awakeSince = Math.max(knownSince, wentOnAt() ?? knownSince);
    const isLongKnown = last?.endsAt === endsAt && at - awakeSince >= KNOWN_MS;
    if (isLongKnown && leftMs < CHECKPOINT_MS_MIN - ROUNDING_MS)
      judge.say('M1', `${id} keeps its work, and is asked to stop when it is too late to write it`);
    if (soonest - at <= checkpointsMs + SLACK_MS) return;
    judge.say(
      'M1',
      `${id} keeps its work, and is asked to stop ${Math.round(leftMs / 1_000)} s before its time is over`,
    );
  };

  const judgeOverdue = (run: Run): void => {
    const key = runKey(run);
    if (judged.has(key) || rowOfRun(run) === undefined) return;
    judged.add(key);
    judge.say('N6', `${run.id} runs on, and the time of its machine is over`);
  };

  return {
    /** A checkpoint was accepted after so long. */
    saved: (ms: number): void => {
      longestMs = Math.max(longestMs, ms);
    },
    /** A run is asked to stop, before it has come to its end. */
    asked: (run: Run, said: Said): void => {
      const row = rowOfRun(run);
      if (row === undefined) return;
      const eachMs = Math.max(longestMs, item()?.runTimesExpected?.checkpointNineTenthsMs ?? 0);
      const one = {
        ...run,
        ...said,
        keeps: said.keeps || row.checkpoint !== undefined,
        at: now(),
        failures: failures(),
        checkpointsMs: running().length * eachMs,
        isForced: isForced(),
      };
      asked.push(one);
      unsaved.set(runKey(run), one);
    },
    /** It is given back: whatever ended on being asked was saved before that, unless there was no time for it. */
    handsBack: (id: TaskId, attempt: number): void => {
      const one = unsaved.get(runKey({ id, attempt }));
      unsaved.delete(runKey({ id, attempt }));
      if (one?.stepsDone === undefined || one.isForced || isForced() || one.failures !== failures()) return;
      const until = Math.min(endOfRuns() ?? 0, one.at + CHECKPOINT_MS_MIN) - ROUNDING_MS;
      if (now() >= until || stepsKept(id) >= one.stepsDone) return;
      judge.say('M1', `${id} had done ${one.stepsDone} steps when it was asked to stop, and keeps ${stepsKept(id)}`);
    },
    /** With each heartbeat: by then the machine's item says what its agent may have known before. */
    look: (): void => {
      const endsAt = endOfRuns();
      nearestEnd = Math.min(nearestEnd, endsAt ?? Number.POSITIVE_INFINITY);
      for (const one of asked.splice(0)) judgeAsked(one, endsAt);
      if (last?.endsAt !== endsAt || last?.failures !== failures()) knownSince = now();
      if (last !== undefined && last.failures !== failures()) failedAt = now();
      // It may be told when it is over.
      const isLate = endsAt !== undefined && now() >= Math.max(endsAt, knownSince) + ENDS_WITHIN_MS;
      const isOverdue = isLate && (failedAt === undefined || now() >= failedAt + TOLD_AFTER_FAILURE_MS);
      if (isOverdue) for (const run of running()) judgeOverdue(run);
      last = endsAt === undefined ? undefined : { endsAt, failures: failures() };
    },
  };
};
