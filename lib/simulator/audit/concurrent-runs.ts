import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Judge } from './promises.ts';
import { isRunningOn } from './what-items-say.ts';

/** Two heartbeats, a look at the row, and the time that a task is given to stop. */
const STOPS_WITHIN_MS = 45_000;

export interface RunsWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  /** Tasks that one machine may run at once, by the fleet file. */
  readonly slots: number;
  readonly instanceId: InstanceId;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
  /** What stands on the machine's own item: a lease that is gone from there is how an agent hears of it. */
  readonly leases: () => Readonly<Record<TaskId, number>>;
}

/** Code of a task that runs. */
export interface Run {
  readonly id: TaskId;
  readonly attempt: number;
}

/** What tells one run from every other. */
export const runKey = ({ id, attempt }: Run): string => `${id}/${attempt}`;

interface Running extends Run {
  /** Since when its task is somebody else's, or cancelled; and the calls that had failed by then. */
  lost?: { readonly at: EpochMs; readonly failures: number };
}

/** What one process runs at once. Code that still stops after its task was given away takes up no slot. */
export const watchRuns = ({ now, judge, slots, instanceId, rowOf, leases }: RunsWorld) => {
  const running = new Map<string, Running>();
  const isOurs = ({ id, attempt }: Running): boolean => isRunningOn(rowOf(id), instanceId, attempt);
  /** One that was released and that nobody has taken may still win. */
  const isLost = ({ id, attempt }: Running): boolean => {
    const row = rowOf(id);
    const isTaken = row !== undefined && (row.attempt !== attempt || row.status === 'cancelled');
    return isTaken && leases()[id] !== attempt;
  };
  return {
    begun: (id: TaskId, attempt: number): void => {
      running.set(runKey({ id, attempt }), { id, attempt });
      if (running.size <= slots) return;
      const count = [...running.values()].filter(isOurs).length;
      if (count > slots) judge.say('M1', `${instanceId} runs ${count} tasks at once, and ${slots} are allowed`);
    },
    /** With each heartbeat, which tells of leases that others took: calls that have failed so far. */
    look: (failures: number): void => {
      for (const [key, run] of running) {
        if (!isLost(run)) continue;
        if (run.lost?.failures !== failures) run.lost = { at: now(), failures };
        if (now() - run.lost.at < STOPS_WITHIN_MS) continue;
        running.delete(key);
        judge.say('W2', `${run.id} runs on under attempt ${run.attempt}, long after it was given away`);
      }
    },
    ended: (id: TaskId, attempt: number): void => void running.delete(runKey({ id, attempt })),
    now: (): readonly Run[] => [...running.values()],
  };
};
