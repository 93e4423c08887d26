import type { SessionId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { HeartbeatReport } from '../../ports/instances.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { isAnnouncedToEnd } from './what-items-say.ts';

/** A poll ends after 20 s, and after one that failed the next may be as far off; a message that is put back takes seconds. */
const ASKS_WITHIN_MS = 60_000;

/** The notice that EC2 gives: a machine that it recommends to move takes what ends within it, or may. */
const NOTICE_MS = 120_000;

export type IdleWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'slots' | 'item' | 'running'>;

/** Whether a machine asks for work that it could do. */
export interface IdleWatch {
  /** A poll begins; it is over once what this answers is called. */
  asked(): () => void;
  /** With each heartbeat of this session, what it tells: calls of its process that have failed so far. */
  look(session: SessionId, report: HeartbeatReport | undefined, failures: number): void;
}

/** It drains, has ended or is to leave: nothing new is taken. */
export const takesNothing = (record: InstanceRecord): boolean =>
  record.drainingAt !== undefined ||
  record.goneAt !== undefined ||
  record.signals.leave !== undefined ||
  isAnnouncedToEnd(record);

/** What an agent knows of its tasks' times it tells; an earlier version leaves them out of its item. */
const mayTake = (record: InstanceRecord, report: HeartbeatReport | undefined): boolean => {
  if (takesNothing(record)) return false;
  const { signals, runTimesExpected } = record;
  const expectedMs = (report?.runTimes ?? runTimesExpected)?.nineTenthsMs;
  return signals['rebalance-recommendation'] === undefined || expectedMs === undefined || expectedMs <= NOTICE_MS;
};

/** A machine that works, may take tasks and has room for one asks for it (W4), as long as none of its calls fails. */
export const watchIdle = ({ now, judge, instanceId, slots, item, running }: IdleWorld): IdleWatch => {
  let polls = 0;
  let since: EpochMs | undefined;
  let failuresThen = 0;

  const isIdle = (session: SessionId, report: HeartbeatReport | undefined): boolean => {
    const record = item();
    if (polls > 0 || record?.session !== session) return false;
    return (
      mayTake(record, report) && new Set([...Object.keys(record.leases), ...running().map(({ id }) => id)]).size < slots
    );
  };

  return {
    asked: () => {
      polls += 1;
      since = undefined;
      return () => {
        polls -= 1;
      };
    },
    look: (session, report, failures) => {
      if (!isIdle(session, report) || failures !== failuresThen) since = undefined;
      else if (since === undefined) since = now();
      else if (now() - since >= ASKS_WITHIN_MS) {
        judge.say('W4', `${instanceId} has room for a task, and has asked for none for ${(now() - since) / 1_000} s`);
        since = undefined;
      }
      failuresThen = failures;
    },
  };
};
