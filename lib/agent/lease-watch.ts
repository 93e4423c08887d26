import type { InstanceRecord } from '../fleet/instance.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Attempt } from './attempt.ts';
import type { Leases } from './leases.ts';

type Watched = Pick<Attempt, 'row' | 'staleSignal' | 'lookAgain'>;

/**
 * Whoever takes a task from this machine takes it out of the machine's item as well: a lease that is gone from there,
 * and that was not given up here, is a hint to read the task's row. So a task that never writes hears of it too, and one
 * that nobody takes away costs no read.
 */
export interface LeaseWatch {
  /** A run to be told, until what this answers is called: before its lease is given up. */
  watch(attempt: Watched): () => void;
  /**
   * Called before a heartbeat is sent; what it answers, with the item that the heartbeat brought. Only what stood before
   * must be in there: a hold that was answered meanwhile may be younger than the item.
   */
  beforeBeat(): (record: InstanceRecord) => void;
}

export const createLeaseWatch = (leases: Pick<Leases, 'standing'>, log: Log): LeaseWatch => {
  const watched = new Set<Watched>();
  const looking = new Set<Watched>();

  /** A look that fails is not repeated before its time: the lease is still gone at the next heartbeat. */
  const look = async (attempt: Watched): Promise<void> => {
    if (looking.has(attempt) || attempt.staleSignal.aborted) return;
    looking.add(attempt);
    try {
      await attempt.lookAgain();
    } catch (error) {
      log.warn('the row of a task that is held no longer cannot be read', {
        taskId: attempt.row.taskId,
        error: String(error),
      });
    } finally {
      looking.delete(attempt);
    }
  };

  return {
    watch: (attempt) => {
      watched.add(attempt);
      return () => watched.delete(attempt);
    },
    beforeBeat: () => {
      const before = leases.standing();
      return (record) => {
        for (const attempt of watched) {
          const { taskId, attempt: number } = attempt.row;
          if (before.get(taskId) === number && record.leases[taskId] !== number) void look(attempt);
        }
      };
    },
  };
};
