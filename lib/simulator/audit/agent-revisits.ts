import type { TaskId } from '../../fleet/ids.ts';
import type { HeartbeatReport } from '../../ports/instances.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { taskOf } from './agent-messages.ts';

/** Who knows nothing of how long tasks run looks at a message again after 37 s; a renewal hides one for a minute. */
const UNKNOWN_SECONDS_MOST = 60;

export type RevisitsWorld = Pick<AgentDutiesWorld, 'judge' | 'instanceId' | 'item' | 'rowOf'>;

/** The message of a task that runs elsewhere: hidden for long it is missed once that task is ready again (W4). */
export const watchRevisits = ({ judge, instanceId, item, rowOf }: RevisitsWorld) => {
  let isAnyTimeKnown = false;
  let hidden: { readonly id: TaskId; readonly seconds: number }[] = [];
  return {
    /** What the machine tells with a heartbeat: by then it says what its agent may have known before. */
    told: (report: HeartbeatReport | undefined): void => {
      isAnyTimeKnown ||= report?.runTimes !== undefined || item()?.runTimesExpected !== undefined;
      for (const { id, seconds } of isAnyTimeKnown ? [] : hidden)
        judge.say('W4', `the message of ${id}, which runs elsewhere, is hidden for ${seconds} s, and nobody knows why`);
      hidden = [];
    },
    /** What the process had itself may rest after a failure, and be somebody else's by then. */
    hidden: ({ body }: ReceivedMessage, seconds: number, own: ReadonlySet<TaskId>): void => {
      if (seconds <= UNKNOWN_SECONDS_MOST) return;
      const id = taskOf(body);
      const row = id === undefined || own.has(id) ? undefined : rowOf(id);
      if (row?.status === 'running' && row.owner !== instanceId) hidden.push({ id: row.taskId, seconds });
    },
  };
};
