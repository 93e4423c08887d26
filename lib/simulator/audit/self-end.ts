import { DEAD_MAN_SECONDS } from '../../fleet/limits.ts';
import { addMs, secondsToMs } from '../../fleet/time.ts';
import type { Life } from '../life/life.ts';
import type { HostedMachine } from '../life/machine-host.ts';
import { isLeftToEc2, takingOf } from './what-items-say.ts';

/** How an agent came to power its machine off, and how long it had run by then. */
export interface SelfEnd {
  readonly reason: string;
  readonly ranMs: number;
}

/** Pauses are added up, and the last of them may be cut short. */
const ROUNDING_MS = 1_000;

const HEARD_MS = 10_000;

/** What stands on the item for so long, its agent has read there. */
const READ_MS = 10_000;

/** What an agent could not write while a service was away it may have given up, and it may go by what it has read before. */
const RECOVERED_MS = 60_000;

/** Nothing keeps its agent from reading and writing its item. */
const isInTouch = ({ calls, faults, plan, clock, memory }: Life, machine: HostedMachine): boolean => {
  const { heartbeatAt } = memory.instances.records.get(machine.instanceId) ?? {};
  const awayUntil = Math.max(calls.conditions.outageOverAt ?? 0, machine.reachableAgainAt ?? 0);
  return (
    clock.now() - awayUntil >= RECOVERED_MS &&
    calls.conditions.outages.size === 0 &&
    machine.unreachable.size === 0 &&
    machine.standing === undefined &&
    plan.slowShare === 0 &&
    faults.rate('F17') === 0 &&
    faults.rate('F18') === 0 &&
    faults.rate('F138') === 0 &&
    heartbeatAt !== undefined &&
    clock.now() - heartbeatAt < HEARD_MS
  );
};

/** A machine powers itself off for a reason that everybody can see, with nothing on it, and not while EC2 would do it for nothing. */
export const judgeSelfEnd = (life: Life, machine: HostedMachine, { reason, ranMs }: SelfEnd): void => {
  const { clock, judge, memory } = life;
  const { instanceId } = machine;
  const record = memory.instances.records.get(instanceId);
  if (reason === 'no-item') {
    if (ranMs < secondsToMs(DEAD_MAN_SECONDS) - ROUNDING_MS)
      judge.say('N1', `${instanceId} has waited ${ranMs / 1_000} s for its item, and ends itself`);
    return;
  }
  const left = machine.tasksLeft?.() ?? [];
  if (left.length > 0) judge.say('W4', `${instanceId} ends itself with ${left.join(' ')} received and not shown again`);
  if (record === undefined || record.goneAt !== undefined || !isInTouch(life, machine)) return;
  if (record.drainingAt === undefined) judge.say('N2', `${instanceId} ends itself, and nothing has ended it`);
  // One that it took and could not hold is the sweep's.
  const busy = [...memory.tasks.rows.values()].filter(
    (row) => row.status === 'running' && row.owner === instanceId && record.leases[row.taskId] === row.attempt,
  );
  if (busy.length > 0)
    judge.say('W4', `${instanceId} ends itself with ${busy.map(({ taskId }) => taskId).join(' ')} on it`);
  const taken = takingOf(record);
  const isRead = taken !== undefined && clock.now() >= addMs(taken.recordedAt, READ_MS);
  // Whoever is asked to stop waits for nobody else to do it.
  if (isRead && machine.stopsAsked === 0 && isLeftToEc2(record, clock.now()))
    judge.say('M1', `${instanceId} would have cost nothing, left to EC2, and ends itself`);
};
