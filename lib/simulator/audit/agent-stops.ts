import type { InstanceId, SessionId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Run } from './concurrent-runs.ts';
import { createDebts } from './debts.ts';
import type { Judge } from './promises.ts';

/** What is heard is written at once, or with the next beat. */
const WRITTEN_WITHIN_MS = 30_000;

/** Nothing is waited for: a run is ended, and its slot is free a moment later. */
const ENDED_WITHIN_MS = 15_000;

export interface StopsWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
  /** What runs in this process. */
  readonly running: () => readonly Run[];
  /** How often this process was asked to stop. */
  readonly stopsAsked: () => number;
}

/** A process that is asked to stop drains its machine; asked twice, it waits for nothing that runs on it. */
export const watchStops = ({ now, judge, instanceId, item, running, stopsAsked }: StopsWorld) => {
  const undrained = createDebts<InstanceId>(now, WRITTEN_WITHIN_MS);
  const runningOn = createDebts<string>(now, ENDED_WITHIN_MS);
  return {
    /** With each heartbeat of this session: calls of its process that have failed so far. */
    look: (session: SessionId, failures: number): void => {
      const record = item();
      const isDue = stopsAsked() > 0 && record?.session === session && record.drainingAt === undefined;
      for (const id of undrained.look(new Set(isDue ? [instanceId] : []), failures))
        judge.say('N6', `the agent of ${id} was asked to stop, and its machine does not drain`);
      const runs = stopsAsked() > 1 ? running().map(({ id, attempt }) => `${id}/${attempt}`) : [];
      for (const key of runningOn.look(new Set(runs), failures))
        judge.say('N6', `${key} runs on ${instanceId}, whose agent was asked twice to stop`);
    },
  };
};
