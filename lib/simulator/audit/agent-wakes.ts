import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Judge } from './promises.ts';

/** The wake goes right after the write, and the heartbeat that looks comes every 5 s. */
const WOKEN_WITHIN_MS = 15_000;

/** Whoever records a drain wakes the fleet: what one process of an agent owes it (design, section 4). */
export const watchAgentWakes = (now: () => EpochMs, judge: Judge, instanceId: InstanceId) => {
  let owedSince: { readonly at: EpochMs; readonly failures: number } | undefined;
  let hasWoken = false;
  return {
    /** What a write of a signal that drains has answered; calls that had failed by then. */
    recorded: (record: InstanceRecord | undefined, drains: boolean, at: EpochMs, failures: number): void => {
      // Once is enough: where the write failed at first, the fleet was woken then.
      if (drains && record?.drainingAt === at && !hasWoken) owedSince = { at: now(), failures };
    },
    /** Asked for, whether it got through or not: the schedule stands in for one that is lost. */
    woken: (): void => {
      owedSince = undefined;
      hasWoken = true;
    },
    /** With each heartbeat: calls that have failed so far. */
    look: (failures: number): void => {
      if (owedSince === undefined) return;
      if (owedSince.failures !== failures || now() - owedSince.at < WOKEN_WITHIN_MS) return;
      owedSince = undefined;
      judge.say('O1', `the agent of ${instanceId} has told its drain, and did not wake the fleet`);
    },
  };
};
