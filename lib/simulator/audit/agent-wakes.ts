import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { createDebts } from './debts.ts';
import type { Judge } from './promises.ts';

/** The wake goes right after the write, and the heartbeat that looks comes every 5 s. */
const WOKEN_WITHIN_MS = 15_000;

/** Whoever records a drain wakes the fleet: what one process of an agent owes it (design, section 4). */
export const watchAgentWakes = (now: () => EpochMs, judge: Judge, instanceId: InstanceId) => {
  const owed = createDebts<InstanceId>(now, WOKEN_WITHIN_MS);
  let hasWoken = false;
  return {
    /** What a write of a signal that drains has answered; calls that had failed by then. */
    recorded: (record: InstanceRecord | undefined, drains: boolean, at: EpochMs, failures: number): void => {
      // Once is enough: where the write failed at first, the fleet was woken then.
      if (drains && record?.drainingAt === at && !hasWoken) owed.owe(instanceId, failures);
    },
    /** Asked for, whether it got through or not: the schedule stands in for one that is lost. */
    woken: (): void => {
      owed.paid(instanceId);
      hasWoken = true;
    },
    /** With each heartbeat: calls that have failed so far. */
    look: (failures: number): void => {
      for (const id of owed.overdue(failures))
        judge.say('O1', `the agent of ${id} has told its drain, and did not wake the fleet`);
    },
  };
};
