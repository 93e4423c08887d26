import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { LaunchAnswer, LaunchRequest, Machines } from '../../ports/machines.ts';
import type { Backlog, WorkQueue } from '../../ports/queues.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';

/** What the auditor must know to judge launches: the fleet's own figures, read from its file and from nowhere else. */
export interface AuditedFleet {
  readonly machinesMin: number;
  readonly machinesMax: number;
  readonly targetBacklog: number;
}

/**
 * Sees every effect on the world as it happens, below whatever fails or loses replies, and judges it by rules written
 * here anew: nothing is asked of the code under test. The ports in memory change what they change before they answer, so
 * the judging comes before anybody else's turn.
 */
export interface Auditor {
  readonly violations: readonly string[];
  readonly tasks: TaskLedger;
  readonly instances: InstanceStore;
  readonly machines: Machines;
  readonly workQueue: (fleet: FleetName) => WorkQueue;
  /** A machine that is none of ours: whatever is done to it is a violation. */
  addForeign(instanceId: InstanceId): void;
  readonly foreign: ReadonlySet<InstanceId>;
}

const FINISHED = ['done', 'dead', 'cancelled'];

const isAsRead = (before: TaskRecord | undefined, step: Extract<TaskStep, { step: 'release' }>): boolean =>
  before?.status === 'running' && before.attempt === step.attempt && before.owner === step.owner;

const judgeTask = (before: TaskRecord | undefined, after: TaskRecord | undefined, step: TaskStep): string[] => {
  if (before === after || after === undefined) return [];
  const found: string[] = [];
  const from = `${after.taskId}: ${before?.status ?? 'no row'} (attempt ${before?.attempt ?? 0})`;
  const to = `${after.status} (attempt ${after.attempt}) by ${step.step}`;
  const say = (rule: string): void => void found.push(`${rule}: ${from} → ${to}`);
  const attemptBefore = before?.attempt ?? 0;
  if (after.attempt < attemptBefore) say('attempts only grow (W3)');
  if (after.attempt > attemptBefore && step.step !== 'take') say('only a taking raises the attempt (W3)');
  if (step.step === 'take' && before?.status !== 'ready') say('only a ready task is taken');
  if (step.step === 'release' && !isAsRead(before, step)) say('a release takes only what was read');
  if (before !== undefined && FINISHED.includes(before.status)) say('nothing reopens or changes a finished task (W1)');
  if (after.status === 'done' && 'attempt' in step && step.attempt !== attemptBefore) say('the fence holds (W2)');
  if (
    before?.checkpoint &&
    (after.checkpoint?.sequence ?? 0) < before.checkpoint.sequence &&
    step.step === 'checkpoint'
  ) {
    say('no older checkpoint replaces a newer one (W6)');
  }
  return found;
};

const judgeRecord = (before: InstanceRecord | undefined, after: InstanceRecord | undefined): string[] => {
  if (before === undefined || after === undefined) return [];
  const found: string[] = [];
  if (before.drainingAt !== undefined && after.drainingAt !== before.drainingAt) {
    found.push(`draining is never undone (N5): ${after.instanceId}`);
  }
  const isClosed = before.drainingAt !== undefined || before.goneAt !== undefined;
  const added = (Object.keys(after.leases) as TaskId[]).filter((id) => after.leases[id] !== before.leases[id]);
  if (isClosed && added.length > 0) {
    found.push(`no task is held on a draining machine (N6): ${added.join(' ')} on ${after.instanceId}`);
  }
  return found;
};

/** Calls of instances and what they did to the item, whichever method it was. */
const auditInstances = (
  memory: MemoryWorld,
  judge: (before: InstanceRecord | undefined, after: InstanceRecord | undefined, id: InstanceId) => void,
): InstanceStore =>
  new Proxy(memory.instances, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return async (...args: readonly unknown[]) => {
        const [first] = args as [InstanceId | { readonly instanceId: InstanceId }];
        const id = typeof first === 'string' ? first : first.instanceId;
        const before = memory.instances.records.get(id);
        const answer: unknown = member.apply(target, args);
        judge(before, memory.instances.records.get(id), id);
        return answer;
      };
    },
  });

interface Launches {
  launch(serialised: string): Promise<LaunchAnswer>;
}

const living = (memory: MemoryWorld, foreign: ReadonlySet<InstanceId>): InstanceId[] =>
  memory.machines
    .all()
    .filter(
      ({ state, instanceId }) =>
        !['shutting-down', 'terminated', 'stopped'].includes(state) && !foreign.has(instanceId),
    )
    .map(({ instanceId }) => instanceId);

/** Machines that can take work, or may still do so: what counts against what is wanted. */
const useful = (memory: MemoryWorld, foreign: ReadonlySet<InstanceId>): number =>
  living(memory, foreign).filter((id) => {
    const record = memory.instances.records.get(id);
    return record?.drainingAt === undefined && record?.signals.leave === undefined;
  }).length;

/**
 * A quarter of what is wanted may be asked for early, for machines that EC2 recommends to move and for those on demand that
 * stand in until spot is back: the surge of N3.
 */
const surge = (memory: MemoryWorld, foreign: ReadonlySet<InstanceId>, wanted: number): number => {
  const replaced = living(memory, foreign).filter((id) => {
    const record = memory.instances.records.get(id);
    const isReplaced =
      record?.signals['rebalance-recommendation'] !== undefined || record?.pool.purchase === 'on-demand';
    return isReplaced && record.drainingAt === undefined;
  });
  return Math.min(replaced.length, Math.ceil(wanted / 4));
};

const auditLaunches = (
  memory: MemoryWorld,
  foreign: ReadonlySet<InstanceId>,
  wantedMost: () => number,
  say: (violation: string) => void,
): Launches => {
  const byToken = new Map<string, string>();
  const machinesOf = (intent: string): number =>
    memory.machines.all().filter(({ tags }) => tags['spothop:intent'] === intent).length;
  return {
    launch: async (serialised) => {
      const { token, count, intentId } = JSON.parse(serialised) as LaunchRequest;
      const sent = byToken.get(token);
      if (sent !== undefined && sent !== serialised) say(`a retry sends the same bytes (N4): ${token}`);
      const total = useful(memory, foreign) + count;
      const most = wantedMost() + surge(memory, foreign, wantedMost());
      if (sent === undefined && total > most) {
        say(`never ask beyond wanted and the surge (N3): ${total} for ${wantedMost()} wanted`);
      }
      byToken.set(token, serialised);
      const answer = await memory.machines.launch(serialised);
      if (machinesOf(intentId) > count) say(`an intent asks for at most its count (N4): ${intentId}`);
      return answer;
    },
  };
};

const tasksOf = ({ waiting, inFlight, delayed }: Backlog): number => waiting + inFlight + delayed;

export const createAuditor = (memory: MemoryWorld, fleet: AuditedFleet): Auditor => {
  const violations: string[] = [];
  const foreign = new Set<InstanceId>();
  const say = (violation: string): void => void violations.push(violation);
  const sayAll = (found: readonly string[]): void => found.forEach(say);
  let backlogMost = 0;
  const wantedMost = (): number =>
    Math.max(fleet.machinesMin, Math.min(fleet.machinesMax, Math.ceil(backlogMost / fleet.targetBacklog)));
  return {
    violations,
    foreign,
    addForeign: (id) => void foreign.add(id),
    tasks: {
      ...memory.tasks,
      apply: async (id, step) => {
        const before = memory.tasks.rows.get(id);
        const outcome = memory.tasks.apply(id, step);
        sayAll(judgeTask(before, memory.tasks.rows.get(id), step));
        return outcome;
      },
    },
    instances: auditInstances(memory, (before, after, id) => {
      if (foreign.has(id) && after !== undefined)
        say(`nothing that is not ours is ever changed (N2): ${id} has an item`);
      sayAll(judgeRecord(before, after));
    }),
    machines: {
      ...memory.machines,
      ...auditLaunches(memory, foreign, wantedMost, say),
      terminate: async (ids) => {
        for (const id of ids) {
          if (foreign.has(id)) say(`nothing that is not ours is ever changed (N2): ${id} was ended`);
          const held = Object.keys(memory.instances.records.get(id)?.leases ?? {});
          if (held.length > 0) say(`no machine is ended with tasks on it: ${held.join(' ')} on ${id}`);
        }
        return memory.machines.terminate(ids);
      },
    },
    workQueue: (name) => {
      const queue = memory.workQueue(name);
      const backlog = async (): Promise<Backlog> => {
        const answer = await queue.backlog();
        backlogMost = Math.max(backlogMost, tasksOf(answer));
        return answer;
      };
      return { ...queue, backlog };
    },
  };
};
