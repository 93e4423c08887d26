import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { takesNothing } from './agent-idle.ts';
import type { Judge } from './promises.ts';

/** What was under way when the news came; the next beat may bring other news at this very moment. */
const KNOWN_AFTER_MS = 5_000;

/** A taking that failed is tried again, and may have begun before the news. */
const TRIES_MS = 60_000;

/** What a poll brings to a machine that is to leave goes back unseen: it holds its last tasks, and no more (N6). */
export const watchTakes = (now: () => EpochMs, judge: Judge, instanceId: InstanceId) => {
  let heardAt: EpochMs | undefined;
  return {
    /** A heartbeat was answered with this item. */
    heard: (record: InstanceRecord): void => {
      if (takesNothing(record)) heardAt ??= now();
      else heardAt = undefined;
    },
    /** Another answer came with this item: it may have been called back. */
    found: (record: InstanceRecord): void => {
      if (!takesNothing(record)) heardAt = undefined;
    },
    /** It stood still until now. */
    wentOn: (): void => {
      heardAt &&= now();
    },
    /** It asks for a task to be its own; `failedAt`: when one of its calls has failed last. */
    takes: (id: TaskId, failedAt: EpochMs | undefined): void => {
      if (heardAt === undefined || now() - heardAt <= KNOWN_AFTER_MS) return;
      if (failedAt !== undefined && now() - failedAt < TRIES_MS) return;
      judge.say('N6', `${instanceId} takes ${id}, and has heard that it is to take nothing`);
    },
  };
};
