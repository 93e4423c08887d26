import type { InstanceId, SessionId, TaskId } from '../fleet/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstanceStore, LeaseOutcome } from '../ports/instances.ts';
import type { Log } from '../ports/telemetry.ts';
import { withRetries } from './retry.ts';

/**
 * The tasks held on this machine's own item. Giving one up waits for the next hold and shares its write, so that a busy
 * machine pays one write for both; an idle one flushes. A lease that outlives its task for a while does no harm: every
 * release is conditional on the row.
 */
export interface Leases {
  hold(taskId: TaskId, attempt: number): Promise<LeaseOutcome>;
  /** Given up by the next write. */
  letGo(taskId: TaskId): void;
  /** Writes what is still to be given up; what fails stays for the next time. */
  flush(): Promise<void>;
}

export interface LeasesOptions {
  readonly instances: InstanceStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly instanceId: InstanceId;
  readonly session: SessionId;
}

export const createLeases = ({ instances, clock, log, instanceId, session }: LeasesOptions): Leases => {
  const toLetGo = new Set<TaskId>();
  const owner = { instanceId, session };

  const unhold = async (taskId: TaskId): Promise<void> => {
    const outcome = await withRetries(clock, () =>
      instances.changeLeases({ ...owner, unhold: { taskId } }, clock.now()),
    );
    if (outcome.outcome === 'refused') log.warn('un-hold refused', { taskId, because: outcome.because });
    toLetGo.delete(taskId);
  };

  return {
    hold: async (taskId, attempt) => {
      // Its new lease overwrites the old one; naming it twice in one write is not possible.
      toLetGo.delete(taskId);
      const [last] = toLetGo;
      const unholdLast = last === undefined ? {} : { unhold: { taskId: last } };
      const change = { ...owner, hold: { taskId, attempt }, ...unholdLast };
      try {
        const outcome = await withRetries(clock, () => instances.changeLeases(change, clock.now()));
        if (outcome.outcome === 'done' && last !== undefined) toLetGo.delete(last);
        return outcome;
      } catch (error) {
        // The write may have happened: a lease on a task that does not run here would keep the sweep from it.
        toLetGo.add(taskId);
        throw error;
      }
    },
    letGo: (taskId) => {
      toLetGo.add(taskId);
    },
    flush: async () => {
      for (const taskId of [...toLetGo]) {
        try {
          await unhold(taskId);
        } catch (error) {
          log.warn('un-hold failed', { taskId, error: String(error) });
        }
      }
    },
  };
};
