import type { TaskId } from '../../fleet/ids.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import { taskOf } from './agent-messages.ts';
import type { Judge } from './promises.ts';

/** A renewal comes at half of the time that it gives, which leaves room for a slow call and for a short standstill. */
const LATE_MS = 5_000;
/** Where nothing stands still, it is never late, however slow its call is. */
const LATE_MS_STEADY = 0;

interface Hidden {
  readonly id: TaskId;
  readonly receivedAt: EpochMs;
  readonly untilMs: number;
  /** Calls that had failed when it was last hidden. */
  readonly failures: number;
}

/**
 * The message of a running task stays hidden: shown meanwhile, it keeps others busy with putting it back (F35). Of several
 * messages of one task, one is enough.
 */
export const watchVisibility = (now: () => EpochMs, judge: Judge, mayStandStill: boolean) => {
  const lateMs = mayStandStill ? LATE_MS : LATE_MS_STEADY;
  const byHandle = new Map<string, Hidden>();
  /** Calls that hide a message of it and are not answered yet. */
  const underWay = new Map<TaskId, number>();
  /** A call failed when it was to be hidden: from then on it comes and goes until its run is over. */
  const excused = new Set<TaskId>();

  const takenAt = new Map<TaskId, EpochMs>();

  const isLate = ({ untilMs }: Hidden): boolean => now() >= untilMs + lateMs;

  const forget = (id: TaskId): void => {
    excused.delete(id);
    forgetAll(id);
  };

  /** One that came while it ran may be the one by which it is run again. */
  const forgetEnded = (id: TaskId): void => {
    excused.delete(id);
    const since = takenAt.get(id) ?? now();
    for (const [handle, hidden] of byHandle)
      if (hidden.id === id && hidden.receivedAt <= since) byHandle.delete(handle);
  };

  const forgetAll = (id: TaskId): void => {
    for (const [handle, hidden] of byHandle) if (hidden.id === id) byHandle.delete(handle);
  };

  /** Nothing of it runs: one that ran out unseen is over, and another may be the one that it is just being taken by. */
  const forgetLate = (id: TaskId): void => {
    excused.delete(id);
    for (const [handle, hidden] of byHandle) if (hidden.id === id && isLate(hidden)) byHandle.delete(handle);
  };

  const hide = ({ body, receiptHandle }: ReceivedMessage, seconds: number, failures: number): void => {
    const id = taskOf(body);
    if (id === undefined) return;
    const receivedAt = byHandle.get(receiptHandle)?.receivedAt ?? now();
    byHandle.set(receiptHandle, { id, receivedAt, untilMs: now() + seconds * 1_000, failures });
  };

  return {
    received: (messages: readonly ReceivedMessage[], seconds: number, failures: number): void => {
      for (const message of messages) hide(message, seconds, failures);
    },
    /** A call begins that hides it; it is over once what this answers is called. */
    asked: ({ body }: ReceivedMessage): (() => void) => {
      const id = taskOf(body);
      if (id === undefined) return () => undefined;
      underWay.set(id, (underWay.get(id) ?? 0) + 1);
      return () => void underWay.set(id, (underWay.get(id) ?? 0) - 1);
    },
    changed: hide,
    deleted: ({ body, receiptHandle }: ReceivedMessage): void => {
      const id = taskOf(body);
      if (id === undefined) return;
      const receivedAt = byHandle.get(receiptHandle)?.receivedAt ?? now();
      // One that came while it runs, and was replaced, says nothing of the one that it was taken by.
      if (receivedAt > (takenAt.get(id) ?? now())) byHandle.delete(receiptHandle);
      else forget(id);
    },
    taken: (id: TaskId): void => void takenAt.set(id, now()),
    /** Its run is over. */
    ended: forgetEnded,
    look: (failures: number, isRunning: (id: TaskId) => boolean): void => {
      const late = [...byHandle.values()].filter(isLate);
      for (const { id } of late) {
        const all = [...byHandle.values()].filter((hidden) => hidden.id === id);
        if (!isRunning(id)) forgetLate(id);
        if (all.length === 0 || !isRunning(id) || !all.every(isLate) || (underWay.get(id) ?? 0) > 0) continue;
        forgetAll(id);
        if (excused.has(id)) continue;
        if (all.some((hidden) => hidden.failures !== failures)) excused.add(id);
        else judge.say('O2', `${id} runs, and its message is shown again`);
      }
    },
  };
};
