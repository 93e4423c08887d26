import type { TaskId } from '../../fleet/ids.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { silentMs } from './what-items-say.ts';

/** Whoever was silent for 50 s has had its tasks released (design, section 3); less may be a matter of who looked when. */
const LONG_SILENT_MS = 60_000;

/** A body that was cut is the task's own trouble: no other machine could read it. */
const UNREADABLE = 'cannot be read';

export type FailuresWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'item'>;

/**
 * What counts as a task's own failure (W5): its code threw, or a process ended while that one task was on it, as the next
 * process finds soon after. What never ran has not failed, and of a machine that was silent for long nobody knows.
 */
export const watchFailures = ({ now, judge, instanceId, item }: FailuresWorld) => {
  let silentBeforeMs: number | undefined;
  return {
    /** The process asks for its session: what stands on the item is what the last one left. */
    opens: (): void => {
      const record = item();
      if (record !== undefined) silentBeforeMs ??= silentMs(record, now());
    },
    /** A failure of a run is told, which this process had taken or not, and had begun or not. */
    tells: (
      id: TaskId,
      reason: string,
      { isTaken, isBegun }: { readonly isTaken: boolean; readonly isBegun: boolean },
    ) => {
      if (isTaken && !isBegun && !reason.includes(UNREADABLE))
        judge.say('W5', `${id} has never run on ${instanceId}, and fails`);
      if (!isTaken && !isBegun && (silentBeforeMs ?? 0) >= LONG_SILENT_MS)
        judge.say('W5', `${id} fails for the end of a process that was last heard ${silentBeforeMs! / 1_000} s before`);
    },
  };
};
