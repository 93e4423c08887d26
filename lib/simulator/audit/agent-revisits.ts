import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { HeartbeatReport } from '../../ports/instances.ts';
import type { Judge } from './promises.ts';

/** Who knows nothing of how long tasks run looks at a message again after 37 s; a renewal hides one for a minute. */
const UNKNOWN_SECONDS_MOST = 60;

export interface RevisitsWorld {
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
}

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
    hidden: (id: TaskId, seconds: number): void => {
      const row = rowOf(id);
      if (row?.status !== 'running' || row.owner === instanceId || seconds <= UNKNOWN_SECONDS_MOST) return;
      hidden.push({ id: row.taskId, seconds });
    },
  };
};
