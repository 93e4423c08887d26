import type { TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { runKey } from './concurrent-runs.ts';
import { createDebts } from './debts.ts';
import { isRunningOn } from './what-items-say.ts';

/** What is given up goes with the next write, and may have been left out of one that was under way. */
const GIVEN_UP_WITHIN_MS = 60_000;

/** A run whose row could not be told how it ended is given up within as much once calls succeed again. */
const IDLE_WITHIN_MS = 90_000;

export type LeasesWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'rowOf' | 'running' | 'item'>;

type IsWanted = (id: TaskId, attempt: number) => boolean;

const keysOf = (leases: InstanceRecord['leases'], isWanted: IsWanted): ReadonlySet<string> => {
  const held = Object.entries(leases) as [TaskId, number][];
  return new Set(held.filter(([id, attempt]) => isWanted(id, attempt)).map(([id, attempt]) => runKey({ id, attempt })));
};

/**
 * A lease outlives its task until the machine's next write of leases, and no longer: while it stands, the sweep believes
 * that the machine is at work. A dead task stays held for as long as it is not copied.
 */
export const watchLeases = ({ now, judge, instanceId, rowOf, running, item }: LeasesWorld) => {
  const stale = createDebts<string>(now, GIVEN_UP_WITHIN_MS);
  const idle = createDebts<string>(now, IDLE_WITHIN_MS);

  const isRun: IsWanted = (id, attempt) => running().some((run) => run.id === id && run.attempt === attempt);

  const isIdle: IsWanted = (id, attempt) => isRunningOn(rowOf(id), instanceId, attempt) && !isRun(id, attempt);

  const isStale: IsWanted = (id, attempt) => {
    const row = rowOf(id);
    if (isRun(id, attempt)) return false;
    if (row === undefined || (row.status === 'dead' && row.attempt === attempt)) return false;
    return !isRunningOn(row, instanceId, attempt);
  };

  return {
    /** What the item shows after a write of this process: calls that have failed so far. */
    written: ({ leases }: InstanceRecord, failures: number): void => {
      for (const key of stale.look(keysOf(leases, isStale), failures))
        judge.say('N6', `${instanceId} still holds ${key}, which it does not run, and has changed its leases since`);
    },
    /** With each heartbeat: calls that have failed so far. */
    look: (failures: number): void => {
      for (const key of idle.look(keysOf(item()?.leases ?? {}, isIdle), failures))
        judge.say('W4', `${instanceId} holds ${key}, which keeps the sweep from it, and does not run it`);
    },
  };
};
