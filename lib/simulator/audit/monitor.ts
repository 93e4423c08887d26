import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Life } from '../life/life.ts';
import { taskOf } from './agent-messages.ts';
import { saidOf } from './promises.ts';

/** How often the monitor looks: the figures below are kept to within this. */
export const LOOK_SECONDS = 10;
const LOOK_MS = LOOK_SECONDS * 1_000;

/** W4, from the design: a ready task is taken this soon once a worker is free and polling. */
const TAKEN_WITHIN_MS = 140_000;
/** W4: the tasks of a silent machine are ready again this soon. */
const READY_AGAIN_WITHIN_MS = 120_000;

/** A sweep a minute, one of them missed, and as much again once faults have stopped. */
const DUE_WITHIN_MS = 130_000;

/** A sweep looks at so many rows and no more: those of a storm are looked at more thinly than the figures say. */
const THIN_LOOKS_ROWS = 200;

/** N1: a machine of ours without an item, counted while EC2 and DynamoDB answer; longer while faults go on. */
const UNOWNED_HEALED_MS = 300_000;
const UNOWNED_FAULTS_MS = 900_000;

/** N1: after a deletion of the stack a machine has this long, the window to hand back what it holds, and a look of its timer. */
const DELETED_MS = 900_000 + 120_000 + 180_000;

export interface Monitor {
  /** Called every `LOOK_SECONDS`. */
  look(): void;
  /** The tasks that a machine held when it fell silent; W4's second figure is measured from here. */
  silenced(instanceId: InstanceId): void;
  /** The stack has been deleted. */
  deleted(): void;
  /** The longest that a task was ready while a worker was free, in the phase without faults. */
  readonly slowest: { takenMs: number; readyAgainMs: number };
}

interface Waiting {
  waitedMs: number;
}

export const createMonitor = (life: Life): Monitor => {
  const { clock, memory, faults, host, calls } = life;
  const judge = saidOf(life.judge, 'monitor');
  const waiting = new Map<TaskId, Waiting>();
  const overdue = new Map<TaskId, number>();
  const unowned = new Map<InstanceId, number>();
  const silenced: { readonly instanceId: InstanceId; readonly tasks: readonly TaskId[]; readonly at: EpochMs }[] = [];
  const slowest = { takenMs: 0, readyAgainMs: 0 };
  const said = new Set<string>();
  let deletedAt: EpochMs | undefined;
  let wasHealed = false;

  const sayOnce = (promise: 'W4' | 'N1', key: string, found: string): void => {
    if (said.has(key)) return;
    said.add(key);
    judge.say(promise, found);
  };

  /** A task that failed waits for its next run on purpose. */
  const readyDelayMs = (id: TaskId): number =>
    (memory.tasks.rows.get(id)?.failures ?? 0) > 0 ? life.plan.retryDelaySeconds * 1_000 : 0;

  /** Somebody has deleted its message: another is sent when its row is due. */
  const isWithoutMessage = ({ taskId, fleet, checkAt }: TaskRecord): boolean => {
    if (!life.truth.messagesLost.has(taskId) || checkAt === undefined || clock.now() > checkAt + DUE_WITHIN_MS)
      return false;
    return !memory
      .workQueue(fleet)
      .messages()
      .some(({ body }) => taskOf(body) === taskId);
  };

  /**
   * It was released, and whoever had it still works on it under its present number: that run may win, and takes its message
   * for a second one of its own whenever it comes by.
   */
  const isWorkedOn = ({ taskId, attempt }: TaskRecord): boolean =>
    host.machines.some(
      ({ endedBy, standing, life: process, running }) =>
        endedBy === undefined &&
        standing === undefined &&
        process?.isDead() === false &&
        running?.().some((run) => run.id === taskId && run.attempt === attempt) === true,
    );

  const lookAtTasks = (): void => {
    const now = clock.now();
    const polled = new Set(
      [...life.polling]
        .filter(([caller, at]) => !caller.isDead() && at <= now - LOOK_MS)
        .map(([{ machine }]) => (machine === undefined ? undefined : host.byId.get(machine)?.fleet)),
    );
    for (const [id, row] of memory.tasks.rows) {
      if (row.status !== 'ready') {
        waiting.delete(id);
        continue;
      }
      const known = waiting.get(id) ?? { waitedMs: -LOOK_MS - readyDelayMs(id) };
      waiting.set(id, known);
      if (polled.has(row.fleet)) known.waitedMs += LOOK_MS;
      if (known.waitedMs > TAKEN_WITHIN_MS && isWithoutMessage(row)) known.waitedMs = 0;
      if (known.waitedMs > TAKEN_WITHIN_MS && isWorkedOn(row)) continue;
      slowest.takenMs = Math.max(slowest.takenMs, known.waitedMs);
      if (known.waitedMs > TAKEN_WITHIN_MS)
        sayOnce('W4', `ready ${id}`, `${id} has been ready for ${known.waitedMs / 1_000} s with a worker free`);
    }
  };

  /** Whatever is not finished is looked at when it is due: the schedule comes each minute. */
  const lookAtDueRows = (): void => {
    const { rows } = memory.tasks;
    if (rows.size > THIN_LOOKS_ROWS) return;
    for (const [id, { checkAt }] of rows) {
      if (checkAt === undefined || checkAt + DUE_WITHIN_MS > clock.now()) overdue.delete(id);
      else overdue.set(id, (overdue.get(id) ?? 0) + LOOK_MS);
      const ms = checkAt === undefined ? 0 : clock.now() - checkAt;
      if ((overdue.get(id) ?? 0) > DUE_WITHIN_MS)
        sayOnce('W4', `due ${id}`, `${id} has been due for ${ms / 1_000} s, and nobody looks at it`);
    }
  };

  const lookAtSilenced = (): void => {
    for (const { instanceId, tasks, at } of silenced) {
      const held = tasks.filter((id) => {
        const row = memory.tasks.rows.get(id);
        return row?.status === 'running' && row.owner === instanceId;
      });
      const sinceMs = clock.now() - at;
      if (held.length > 0) slowest.readyAgainMs = Math.max(slowest.readyAgainMs, sinceMs);
      if (held.length > 0 && sinceMs > READY_AGAIN_WITHIN_MS) {
        sayOnce(
          'W4',
          `silent ${instanceId}`,
          `${held.join(' ')} still belongs to ${instanceId}, silent for ${sinceMs / 1_000} s`,
        );
      }
    }
  };

  const lookAtMachines = (): void => {
    // Once faults have stopped a machine has that time from then on.
    if (faults.isHealed() !== wasHealed) unowned.clear();
    wasHealed = faults.isHealed();
    const isUp = calls.conditions.outages.size === 0;
    for (const machine of host.machines) {
      const { instanceId, endedBy, isStopped } = machine;
      // A machine of somebody else’s is known by its tags alone.
      const isLeft = life.plan.owner !== undefined && machine.isUntagged === true;
      if (endedBy !== undefined || isStopped || isLeft || memory.instances.records.has(instanceId)) {
        unowned.delete(instanceId);
        continue;
      }
      if (isUp) unowned.set(instanceId, (unowned.get(instanceId) ?? 0) + LOOK_MS);
      const ms = unowned.get(instanceId) ?? 0;
      // One whose tags somebody took is shown to nobody: it ends by itself.
      const limitMs = wasHealed && machine.isUntagged !== true ? UNOWNED_HEALED_MS : UNOWNED_FAULTS_MS;
      if (ms > limitMs) sayOnce('N1', `unowned ${instanceId}`, `${instanceId} has had no item for ${ms / 60_000} min`);
    }
  };

  const lookAfterDeletion = (since: EpochMs): void => {
    if (clock.now() < since + DELETED_MS) return;
    for (const { instanceId, endedBy, isStopped } of host.machines) {
      if (endedBy === undefined && !isStopped) sayOnce('N1', `left ${instanceId}`, `${instanceId} outlives its stack`);
    }
  };

  return {
    slowest,
    silenced: (instanceId) => {
      const tasks = [...memory.tasks.rows.values()].filter(
        (row) => row.status === 'running' && row.owner === instanceId,
      );
      silenced.push({ instanceId, tasks: tasks.map(({ taskId }) => taskId), at: clock.now() });
    },
    deleted: () => {
      deletedAt = clock.now();
    },
    look: () => {
      if (deletedAt !== undefined) return lookAfterDeletion(deletedAt);
      if (faults.isHealed()) {
        lookAtTasks();
        lookAtDueRows();
        lookAtSilenced();
      }
      lookAtMachines();
    },
  };
};
