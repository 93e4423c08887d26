import type { FleetName, TaskId } from '../../fleet/ids.ts';
import { secondsToMs } from '../../fleet/time.ts';
import { cancelTask, retryTask } from '../../workflows/operate-tasks.ts';
import { submitTasks } from '../../workflows/submit-tasks.ts';
import { calledPort } from './called-port.ts';
import { allFleets, queueOf } from './fleets-of.ts';
import type { Life } from './life.ts';
import type { PlannedTask } from './workload.ts';

/** How long a producer waits before it submits again what may not have been submitted. */
const AGAIN_SECONDS = 20;

/** Who brings the work, and who changes their mind about it. */
export interface Producers {
  /** Submits all at their times; a submit that failed is done again until it succeeds. */
  start(): void;
  cancel(id: TaskId): Promise<void>;
  retry(id: TaskId): Promise<void>;
  /** Everything has been submitted. */
  isDone(): boolean;
}

export const createProducers = (life: Life): Producers => {
  const { clock, memory, plan, ports, trace } = life;
  let left = life.workload.size;

  const submitOurs = async (fleet: FleetName, tasks: readonly PlannedTask[]): Promise<void> => {
    const caller = life.createCaller('producer', 'producer');
    const ports = life.portsOf(caller);
    const world = {
      tasks: calledPort('tasks', ports.tasks, caller),
      queue: calledPort('queue', queueOf(ports, plan, fleet), caller),
      blobs: calledPort('blobs', ports.blobs, caller),
      clock,
    };
    const batch = tasks.map(({ truth, work }) => ({ taskId: truth.taskId, body: JSON.stringify(work) }));
    const { failed } = await submitTasks(world, fleet, batch);
    if (failed[0] !== undefined) throw new Error(failed[0].error);
  };

  const submit = async (tasks: readonly PlannedTask[]): Promise<void> => {
    const ours = tasks.filter(({ isForeign, truth }) => !isForeign && !truth.isSubmitted);
    const foreign = tasks.filter(({ isForeign, truth }) => isForeign && !truth.isSubmitted);
    for (const { work, truth } of foreign) {
      memory.workQueue(truth.fleet).sendBody(JSON.stringify(work));
      truth.isSubmitted = true;
    }
    for (const [fleet, some] of Map.groupBy(ours, ({ truth }) => truth.fleet)) await submitOurs(fleet, some);
    for (const { truth } of ours) truth.isSubmitted = true;
    trace.note('producer', `submitted ${tasks.map(({ work }) => work.name).join(' ')}`);
  };

  const submitUntilDone = async (tasks: readonly PlannedTask[]): Promise<void> => {
    for (;;) {
      try {
        await submit(tasks);
        return;
      } catch {
        await clock.sleep(secondsToMs(AGAIN_SECONDS));
      }
    }
  };

  const operate = async (what: 'cancel' | 'retry', id: TaskId): Promise<void> => {
    const truth = life.workload.get(id)?.truth;
    if (truth === undefined) return;
    const caller = life.createCaller('operator', 'operator');
    const queues = allFleets(plan).map(({ fleet }) => {
      return [fleet, calledPort('queue', queueOf(ports, plan, fleet), caller)] as const;
    });
    const byFleet = new Map(queues);
    const world = {
      tasks: calledPort('tasks', ports.tasks, caller),
      instances: calledPort('instances', ports.instances, caller),
      queue: (fleet: FleetName) => byFleet.get(fleet)!,
      clock,
    };
    if (what === 'cancel') truth.isCancelAsked = true;
    else truth.retriesAsked += 1;
    trace.note('operator', `${what} ${id}`);
    // What fails is the operator's to ask for again.
    await (what === 'cancel' ? cancelTask : retryTask)(world, id).catch(() => undefined);
  };

  return {
    isDone: () => left === 0,
    cancel: (id) => operate('cancel', id),
    retry: (id) => operate('retry', id),
    start: () => {
      const byTime = Map.groupBy(life.workload.values(), ({ at }) => at);
      for (const [at, tasks] of byTime) {
        const begin = async (): Promise<void> => {
          await clock.sleep(at - clock.now());
          await submitUntilDone(tasks);
          left -= tasks.length;
        };
        void begin();
      }
    },
  };
};
