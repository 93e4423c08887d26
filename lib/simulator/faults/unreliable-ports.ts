import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, type EpochMs } from '../../fleet/time.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DescribedMachine, LaunchAnswer, LaunchRequest, Machines } from '../../ports/machines.ts';
import type { Backlog, WorkQueue } from '../../ports/queues.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import { describeMachine } from '../audit/context.ts';
import type { Trace } from '../life/trace.ts';
import type { MemoryMachines } from '../ports/memory-machines.ts';
import type { MemoryWorkQueue } from '../ports/memory-work-queue.ts';
import type { SeededRandom } from '../random.ts';
import type { Faults } from './faults.ts';

/**
 * What AWS's services may do and a perfect service would not: stale indexes, answers that leave things out, messages
 * that come back. It happens to everybody alike, above the auditor, which sees what is really the case.
 */
export interface UnreliableWorld {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly trace: Pick<Trace, 'tell'>;
}

/** B15: an index is eventually consistent. */
const INDEX_STALE_MS = 60_000;

/** The index as it was some time ago, looked at by the time of now: what has been due since then is missing. */
export const staleIndex = (
  { clock, faults }: UnreliableWorld,
  ledger: TaskLedger,
  rows: ReadonlyMap<TaskId, TaskRecord>,
): TaskLedger => {
  let copy: readonly TaskRecord[] = [];
  let copiedAt: EpochMs = addMs(clock.now(), -INDEX_STALE_MS);
  const refresh = (): void => {
    if (clock.now() < addMs(copiedAt, INDEX_STALE_MS)) return;
    copy = [...rows.values()];
    copiedAt = clock.now();
  };
  return {
    ...ledger,
    due: async (now, limit, except) => {
      refresh();
      if (!faults.strikes('F23', 'DynamoDB')) return ledger.due(now, limit, except);
      return copy.filter((row) => row.checkAt !== undefined && row.checkAt <= now).map((row) => row.taskId);
    },
    dueLater: async (after, limit, except) => {
      refresh();
      if (!faults.strikes('F23', 'DynamoDB')) return ledger.dueLater(after, limit, except);
      return copy.filter((row) => row.checkAt !== undefined && row.checkAt > after).map((row) => row.taskId);
    },
  };
};

/** B20: descriptions are eventually consistent; how late they may be, EC2 does not say. */
const DESCRIPTION_STALE_MS = 20_000;

const ENDED: readonly string[] = ['shutting-down', 'terminated'];

/** What every pool that was asked refuses for one reason, EC2 may tell as a refusal of the whole request. */
const asWhole = (serialised: string, answer: LaunchAnswer): LaunchAnswer => {
  if (!answer.answered || answer.machines.length > 0) return answer;
  const { pools } = JSON.parse(serialised) as LaunchRequest;
  const [first, ...others] = answer.refusals;
  const isWhole = answer.refusals.length === pools.length && others.every(({ code }) => code === first?.code);
  if (first === undefined || !isWhole) return answer;
  const { pool: _any, ...whole } = first;
  return { ...answer, refusals: [whole] };
};

const WHOLE_SHARE = 0.3;

/** EC2 with its eventual consistency and its generosity. */
export const unreliableMachines = (
  { clock, random, faults, trace }: UnreliableWorld,
  machines: Machines,
  ec2: MemoryMachines,
): Machines => {
  const whole = random.fork('whole refusals');
  /** Machines that are not shown before this. */
  const shownFrom = new Map<InstanceId, EpochMs>();
  /** The bytes that EC2 makes of a request, where it gives one machine more than it was asked for. */
  const generous = new Map<string, string>();
  const looked = new Set<string>();
  let copy = new Map<InstanceId, DescribedMachine>();
  let copiedAt: EpochMs = addMs(clock.now(), -DESCRIPTION_STALE_MS);

  /** The same machines, and of those that were there then what was the case then. */
  const asTheyWere = (described: readonly DescribedMachine[]): readonly DescribedMachine[] => {
    if (clock.now() >= addMs(copiedAt, DESCRIPTION_STALE_MS)) {
      copy = new Map(ec2.all().map((machine) => [machine.instanceId, machine]));
      copiedAt = clock.now();
    }
    if (!faults.strikes('F137', 'EC2')) return described;
    return described.map((machine) => copy.get(machine.instanceId) ?? machine);
  };

  const oneMore = (serialised: string): string => {
    const request = JSON.parse(serialised) as LaunchRequest;
    if (!looked.has(request.token) && faults.strikes('F85', 'EC2')) {
      generous.set(request.token, JSON.stringify({ ...request, count: request.count + 1 }));
    }
    looked.add(request.token);
    return generous.get(request.token) ?? serialised;
  };

  const isShown = (machine: DescribedMachine): boolean =>
    (shownFrom.get(machine.instanceId) ?? 0) <= clock.now() || faults.isHealed();

  /** What a list does not show is where many a failure begins. */
  const tellLeftOut = (all: readonly DescribedMachine[], shown: readonly DescribedMachine[]): void => {
    const left = all.filter(({ instanceId }) => !shown.some((one) => one.instanceId === instanceId));
    if (left.length > 0) trace.tell('EC2', () => `its list leaves out ${left.map(describeMachine).join('; ')}`);
  };

  const describeFleet = async (fleet: FleetName): Promise<readonly DescribedMachine[]> => {
    const all = asTheyWere(await machines.describeFleet(fleet));
    const shown = all.filter(isShown);
    const zones = [...new Set(shown.map((machine) => machine.pool.zone))];
    const missing = zones.length > 0 && faults.strikes('F101', 'EC2') ? random.pick(zones) : undefined;
    const listed = shown.filter((machine) => machine.pool.zone !== missing);
    if (listed.length < all.length) tellLeftOut(all, listed);
    return listed;
  };

  const noteLaunched = (answer: LaunchAnswer): void => {
    for (const { instanceId } of answer.answered ? answer.machines : []) {
      if (shownFrom.has(instanceId)) continue;
      shownFrom.set(instanceId, clock.now());
      if (faults.strikes('F90', 'EC2')) shownFrom.set(instanceId, addMs(clock.now(), random.between(5_000, 60_000)));
      if (faults.strikes('F93', 'EC2')) ec2.protect(instanceId);
    }
  };

  return {
    ...machines,
    describeFleet,
    describe: async (ids) => asTheyWere(await machines.describe(ids)),
    launch: async (serialised) => {
      const answer = await machines.launch(oneMore(serialised));
      noteLaunched(answer);
      return whole.chance(WHOLE_SHARE) ? asWhole(serialised, answer) : answer;
    },
    terminate: async (ids) => {
      if (!faults.strikes('F91', 'EC2')) return machines.terminate(ids);
      const [lost, ...others] = ids;
      const outcome = await machines.terminate(others);
      return { ...outcome, notFound: [...outcome.notFound, lost!] };
    },
  };
};

export const isEnded = (machine: DescribedMachine): boolean => ENDED.includes(machine.state);

/**
 * The counts are approximate, and become consistent within about a minute of the last change:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
const COUNTS_STALE_MS = 60_000;

const staleCounts = ({ clock, faults }: UnreliableWorld, queue: WorkQueue): WorkQueue['backlog'] => {
  let copy: Backlog | undefined;
  let copiedAt = clock.now();
  return async () => {
    const counts = await queue.backlog();
    if (copy === undefined || clock.now() >= addMs(copiedAt, COUNTS_STALE_MS)) {
      copy = counts;
      copiedAt = clock.now();
    }
    return faults.strikes('F136', 'SQS') ? copy : counts;
  };
};

/** A standard queue: deleted messages may come back, a batch may be taken in part (B8, B12), and counts lag. */
export const unreliableQueue = (world: UnreliableWorld, queue: WorkQueue, memory: MemoryWorkQueue): WorkQueue => {
  const { faults, random } = world;
  return {
    ...queue,
    backlog: staleCounts(world, queue),
    delete: async (message) => {
      const isKnown = memory.has(message.messageId);
      await queue.delete(message);
      const isLeft = isKnown && memory.has(message.messageId);
      if (isLeft) faults.met('F39', 'SQS');
      if (isKnown && !isLeft && faults.strikes('F40', 'SQS'))
        memory.sendBody(message.body, message.attributes, random.whole(0, 60));
    },
    sendMany: async (ids) => {
      if (ids.length < 2 || !faults.strikes('F46', 'SQS')) return queue.sendMany(ids);
      const taken = ids.slice(0, Math.floor(ids.length / 2));
      return [...(await queue.sendMany(taken)), ...ids.slice(taken.length)];
    },
  };
};

/**
 * B22 says that S3 does not do this; a disk, a proxy or a person may. `noteCut` is told of each while its reader is still
 * the one who acts.
 */
export const unreliableBlobs = ({ faults }: UnreliableWorld, blobs: Blobs, noteCut: (key: string) => void): Blobs => ({
  ...blobs,
  get: async (key) => {
    const isCut = faults.strikes('F54', 'S3');
    if (isCut) noteCut(key);
    const content = await blobs.get(key);
    return isCut ? content?.slice(0, content.length >> 1) : content;
  },
});
