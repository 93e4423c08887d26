import type { TaskId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { QUEUE_DELAY_SECONDS_MAX, SILENCE_SECONDS_MAX } from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import type { TaskStep } from '../fleet/task-protocol.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { Log } from '../ports/telemetry.ts';
import { copyInTheEnd } from './bury.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

/** Why a task failed whose agent did not live to say it. */
const PROCESS_ENDED = 'The agent’s process ended while it ran; was it killed for using too much memory?';

interface Leftovers {
  /** What the item says we hold, where the row agrees: anything else has been settled, or given away, since. */
  readonly ours: readonly TaskRecord[];
  /** Dead under the attempt that is held: a task is let go once it is copied, so perhaps it was not. */
  readonly dead: readonly TaskRecord[];
  /**
   * Some were put back since they were held here, whoever has them now: an agent before this one may have ended in the
   * middle of this very work, and they may have run beside what is left.
   */
  readonly hadNeighbours: boolean;
}

const lookAtRows = async (
  { ports, instanceId, session }: AgentShared,
  leases: InstanceRecord['leases'],
): Promise<Leftovers> => {
  const ours: TaskRecord[] = [];
  const dead: TaskRecord[] = [];
  let hadNeighbours = false;
  for (const [id, attempt] of Object.entries(leases)) {
    const row = await withRetries(ports.clock, () => ports.tasks.get(id as TaskId));
    if (row === undefined) continue;
    hadNeighbours ||= row.attempt > attempt || row.status === 'ready';
    if (row.attempt !== attempt) continue;
    if (row.status === 'dead') dead.push(row);
    if (row.status === 'running' && row.owner === instanceId && row.session === session) ours.push(row);
  }
  return { ours, dead, hadNeighbours };
};

const failStep = ({ ports, settings }: AgentShared, { attempt, failures }: TaskRecord): TaskStep => ({
  step: 'fail',
  attempt,
  reason: PROCESS_ENDED,
  now: ports.clock.now(),
  failuresMax: settings.failuresMax,
  retryDelaySeconds: settings.retryDelaySeconds,
  failuresBefore: failures,
});

const handBackStep = ({ ports, instanceId: owner }: AgentShared, { attempt }: TaskRecord): TaskStep => ({
  step: 'hand-back',
  attempt,
  owner,
  now: ports.clock.now(),
  countsAsReclaim: true,
});

/** The message that the task came by is out of reach: its handle ended with the process. */
const showAgain = async ({ ports }: AgentShared, taskId: TaskId, delaySeconds: number): Promise<void> => {
  // What is due later than a queue can delay is sent by the sweep.
  if (delaySeconds > QUEUE_DELAY_SECONDS_MAX) return;
  await withRetries(ports.clock, () => ports.queue.send(taskId, delaySeconds));
};

/** By its lease alone is a dead task found that is copied nowhere, should its message be lost. */
type Uncopied = Set<TaskId>;

/** Waited for until it is copied, or has failed for the first time: the rest goes on beside the agent's work. */
const bury = (shared: AgentShared, row: TaskRecord, uncopied: Uncopied): Promise<void> =>
  new Promise((resolve) => {
    uncopied.add(row.taskId);
    void copyInTheEnd(shared, row, resolve).then((isCopied) => {
      if (isCopied) {
        uncopied.delete(row.taskId);
        shared.leases.letGo(row.taskId, row.attempt);
      }
      resolve();
    });
  });

const settleLeftover = async (
  shared: AgentShared,
  row: TaskRecord,
  isToBlame: boolean,
  uncopied: Uncopied,
): Promise<void> => {
  const { clock, tasks, log } = shared.ports;
  const { taskId, attempt } = row;
  const step = isToBlame ? failStep(shared, row) : handBackStep(shared, row);
  const outcome = await withRetries(clock, () => tasks.apply(taskId, step));
  if (outcome.outcome === 'refused') return;
  const { status, failures } = outcome.row;
  log.warn('task left over from a process that ended', { taskId, attempt, step: step.step, status, failures });
  shared.tally[isToBlame ? 'failed' : 'handedBack'] += 1;
  if (status !== 'dead') return showAgain(shared, taskId, isToBlame ? shared.settings.retryDelaySeconds : 0);
  shared.tally.dead += 1;
  await bury(shared, outcome.row, uncopied);
};

const leaveToSweep =
  (log: Log) =>
  (error: unknown): void =>
    log.error('what was left over could not be settled; the sweep finds it', { error: String(error) });

/**
 * An agent that was started again in the session of one whose process ended: nothing of what the item says it holds is
 * running any more. A task that was alone is taken to be what ended the process, and fails (reliability F33); of several,
 * nobody knows which, so all are handed back; so is one of a machine that drains, where processes are killed for other
 * reasons, and one of a machine that was silent for so long that what ran beside it may have been given to others. What
 * cannot be settled is un-held all the same: the sweep releases it. Only a dead task stays held until it is copied, here or
 * by whoever starts next here; or it is sent to another machine once this one has ended.
 */
export const settleLeftovers = async (
  shared: AgentShared,
  { leases }: InstanceRecord,
  silentMs: number,
): Promise<void> => {
  const { log } = shared.ports;
  const uncopied: Uncopied = new Set();
  try {
    const { ours, dead, hadNeighbours } = await lookAtRows(shared, leases);
    // First, because the sweep finds all that is not settled here, and nothing that is dead.
    for (const { taskId } of dead) uncopied.add(taskId);
    for (const row of dead) await bury(shared, row, uncopied);
    const wasAlone = ours.length === 1 && !hadNeighbours && silentMs < secondsToMs(SILENCE_SECONDS_MAX);
    const isToBlame = wasAlone && shared.drain.state() === undefined;
    for (const row of ours) await settleLeftover(shared, row, isToBlame, uncopied).catch(leaveToSweep(log));
  } catch (error) {
    leaveToSweep(log)(error);
  }
  for (const [id, attempt] of Object.entries(leases) as [TaskId, number][]) {
    if (!uncopied.has(id)) shared.leases.letGo(id, attempt);
  }
  await shared.leases.flush();
};
