import type { InstanceId, SessionId } from '../../fleet/ids.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { runKey } from './concurrent-runs.ts';
import { createDebts } from './debts.ts';

/** What is heard is written at once, or with the next beat. */
const WRITTEN_WITHIN_MS = 30_000;

/** Nothing is waited for: a run is ended, and its slot is free a moment later. */
const ENDED_WITHIN_MS = 15_000;

export type StopsWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'item' | 'running' | 'stopsAsked'>;

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
      const runs = stopsAsked() > 1 ? running().map(runKey) : [];
      for (const key of runningOn.look(new Set(runs), failures))
        judge.say('N6', `${key} runs on ${instanceId}, whose agent was asked twice to stop`);
    },
  };
};
