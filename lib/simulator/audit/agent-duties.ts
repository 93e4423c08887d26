import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { parseTaskMessage } from '../../fleet/message.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { DeadLetters, WorkQueue } from '../../ports/queues.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import { SECRET } from '../life/workload.ts';
import { watchMessages } from './agent-messages.ts';
import { watchRetries } from './agent-retries.ts';
import { watchVisibility } from './agent-visibility.ts';
import type { Judge } from './promises.ts';

export interface AgentDutiesWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  /** `<machine>/<task>/<attempt>` of every hold that was granted. */
  readonly granted: ReadonlySet<string>;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
}

export interface AgentDuties {
  readonly instances: InstanceStore;
  readonly tasks: TaskLedger;
  readonly queue: WorkQueue;
  readonly deadLetters: DeadLetters;
  /** Calls that have failed so far. */
  failures(): number;
  /** A run of this attempt begins. */
  started(id: TaskId, attempt: number): void;
}

/** A task whose hold was refused is given back by the next heartbeats, as long as nothing fails. */
const GIVEN_BACK_WITHIN_MS = 30_000;

/** Whoever begins a task has read its row since it was given away so long ago: less may be a race. */
const KNOWN_AFTER_MS = 20_000;

/** The message goes back right after the row. */
const PUT_BACK_WITHIN_MS = 5_000;

/** A process of which nothing is heard for so long stood still; the agent takes 15 s for a pause, and a call takes up to 3 s. */
const PAUSE_MS = 20_000;

/** The beat after the one that brought the news. */
const BEATS_MS = 5_000;

/** Heartbeats come every 5 s; one may be on its way for 9 s, and a standstill that is not yet noticed comes between. */
const BEAT_MS = 35_000;
const ACTIVE_MS = 10_000;

/** What an attempt may still do after a pause is decided by its row, read anew. */
const FENCED: readonly TaskStep['step'][] = ['checkpoint', 'commit', 'fail'];

interface Refused {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly at: EpochMs;
  /** Calls that had failed by then. */
  readonly failures: number;
}

/** What one process of an agent owes, whatever others mend for it later. */
export const watchAgent = (
  { now, judge, instanceId, granted, rowOf, item }: AgentDutiesWorld,
  ports: Pick<AgentDuties, 'instances' | 'tasks' | 'queue' | 'deadLetters'>,
): AgentDuties => {
  const { instances, tasks, queue, deadLetters } = ports;
  const messages = watchMessages({ now, judge, rowOf, item });
  const retries = watchRetries(now, judge, instanceId);
  const visibility = watchVisibility(now, judge);
  let polls = 0;
  const refused = new Map<TaskId, Refused>();
  const taken = new Set<string>();
  const ran = new Set<string>();
  const begun = new Set<TaskId>();
  const failed = new Map<TaskId, { readonly at: EpochMs; readonly delaySeconds: number }>();
  /** Attempts whose rows have not been read since the last pause. */
  const doubtful = new Set<TaskId>();
  let failures = 0;
  let calledAt = now();
  let beatAt = now();
  let hasBeaten = false;
  let heardOfDrainAt: EpochMs | undefined;

  /** At every call of the process: notices that it stood still, or that it works and is not heard. */
  const tick = (): void => {
    const at = now();
    if (at - calledAt >= PAUSE_MS) {
      for (const id of begun) doubtful.add(id);
      // Whatever it owed by now is as if a call had failed.
      failures += 1;
      beatAt = at;
      heardOfDrainAt &&= at;
    } else if (hasBeaten && at - beatAt >= BEAT_MS && at - calledAt < ACTIVE_MS) {
      hasBeaten = false;
      judge.say('W4', `the agent of ${instanceId} works, and has not been heard for ${(at - beatAt) / 1_000} s`);
    }
    calledAt = at;
  };

  const judgeFenced = (id: TaskId, step: TaskStep): void => {
    if (!FENCED.includes(step.step) || !doubtful.delete(id)) return;
    judge.say('W2', `${step.step} of ${id} after a pause, and its row was not read`);
  };

  const counted = <T>(call: Promise<T>, name?: string): Promise<T> => {
    tick();
    return call.then(
      (answer) => {
        if (name !== undefined) retries.succeeded(name);
        return answer;
      },
      (error: unknown) => {
        failures += 1;
        if (name !== undefined) retries.failed(name);
        throw error;
      },
    );
  };

  const judgeRefused = (): void => {
    for (const { taskId, attempt, at, failures: before } of refused.values()) {
      if (now() - at < GIVEN_BACK_WITHIN_MS) continue;
      refused.delete(taskId);
      const row = rowOf(taskId);
      const isStill = row?.status === 'running' && row.owner === instanceId && row.attempt === attempt;
      if (isStill && before === failures) judge.say('W4', `${taskId} may not be held on ${instanceId}, and is kept`);
    }
  };

  /** Nothing is reclaimed of what never ran, and whatever ran and is handed back was. */
  const judgeHandBack = (id: TaskId, attempt: number, countsAsReclaim: boolean): void => {
    const run = `${id}/${attempt}`;
    // Of one that a process before this one took, nobody knows.
    const isUnused = taken.has(run) && !granted.has(`${instanceId}/${run}`);
    if (countsAsReclaim && isUnused) judge.say('W5', `${id} was never held here, and is handed back as reclaimed`);
    if (!countsAsReclaim && ran.has(run)) judge.say('W5', `${id} ran, and is handed back as if it had not`);
  };

  const isRunningHere = (id: TaskId): boolean => {
    const row = rowOf(id);
    return row?.status === 'running' && row.owner === instanceId && ran.has(`${id}/${row.attempt}`);
  };

  /** A machine that drains asks for no more work, from the beat on whose answer said so; a pause may come between. */
  const judgePolls = (): void => {
    if (polls === 0 || heardOfDrainAt === undefined || now() - heardOfDrainAt < BEATS_MS) return;
    judge.say('N6', `${instanceId} drains, and still asks for work`);
  };

  const judgeShown = (id: TaskId, seconds: number): void => {
    const last = failed.get(id);
    failed.delete(id);
    if (last === undefined || now() - last.at > PUT_BACK_WITHIN_MS || rowOf(id)?.status !== 'ready') return;
    if (seconds < last.delaySeconds) judge.say('O2', `${id} failed, and is shown again after ${seconds} s`);
  };

  const noteTaken = (id: TaskId, attempt: number): void => {
    taken.add(`${id}/${attempt}`);
    begun.add(id);
    doubtful.delete(id);
  };

  return {
    instances: {
      ...instances,
      changeLeases: async (change, at) => {
        const outcome = await counted(instances.changeLeases(change, at));
        if (outcome.outcome === 'done') return outcome;
        for (const { taskId, attempt } of change.holds ?? [])
          refused.set(taskId, { taskId, attempt, at: now(), failures });
        return outcome;
      },
      heartbeat: (...args) => {
        tick();
        beatAt = now();
        hasBeaten = true;
        judgeRefused();
        messages.look(failures);
        visibility.look(failures, isRunningHere);
        judgePolls();
        const answer = counted(instances.heartbeat(...args));
        void answer.then(
          ({ record }) => {
            if (record?.drainingAt !== undefined) heardOfDrainAt ??= now();
          },
          () => undefined,
        );
        return answer;
      },
    },
    tasks: {
      ...tasks,
      get: (id) => {
        const row = counted(tasks.get(id));
        doubtful.delete(id);
        return row;
      },
      apply: async (id, step) => {
        tick();
        judgeFenced(id, step);
        if (step.step === 'hand-back') judgeHandBack(id, step.attempt, step.countsAsReclaim);
        const outcome = await counted(tasks.apply(id, step), `${step.step} of ${id}`);
        const isBack = step.step === 'fail' || step.step === 'hand-back';
        if (step.step === 'commit' || isBack) visibility.ended(id);
        if (isBack && outcome.outcome === 'done' && outcome.row.status === 'ready') messages.givenBack(outcome.row);
        // Also where it finds that the row is its own already: the answer to an earlier call was lost.
        if (step.step === 'take' && outcome.outcome !== 'refused') noteTaken(id, outcome.row.attempt);
        if (step.step === 'fail' && outcome.outcome === 'done' && outcome.row.status === 'ready') {
          failed.set(id, { at: now(), delaySeconds: step.retryDelaySeconds });
        }
        return outcome;
      },
    },
    queue: {
      ...queue,
      changeVisibility: (message, seconds) => {
        const parsed = failed.size === 0 ? undefined : parseTaskMessage(message.body);
        if (parsed?.kind === 'task') judgeShown(parsed.taskId, seconds);
        const answer = counted(queue.changeVisibility(message, seconds), `hiding of ${message.messageId}`);
        messages.changed(message, seconds, answer);
        void answer.then(
          () => visibility.changed(message, seconds, failures),
          () => undefined,
        );
        return answer;
      },
      receive: async (options) => {
        polls += 1;
        try {
          const received = await queue.receive(options);
          visibility.received(received, options.visibilitySeconds, failures);
          return received;
        } finally {
          polls -= 1;
        }
      },
      delete: (message) => {
        visibility.deleted(message);
        return counted(queue.delete(message));
      },
      send: (id, delaySeconds = 0) => {
        judgeShown(id, delaySeconds);
        messages.sent(id);
        return counted(queue.send(id, delaySeconds), `sending of ${id}`);
      },
    },
    deadLetters: {
      ...deadLetters,
      send: (id, reason) => {
        if (reason.includes(SECRET)) judge.say('S2', `${id} is dead for a reason that holds its payload`);
        return counted(deadLetters.send(id, reason), `copying of ${id}`);
      },
    },
    failures: () => failures,
    started: (id, attempt) => {
      ran.add(`${id}/${attempt}`);
      const row = rowOf(id);
      const isOurs = row?.status === 'running' && row.owner === instanceId && row.attempt === attempt;
      const since = row?.finishedAt ?? row?.takenAt;
      if (isOurs || since === undefined || now() - since < KNOWN_AFTER_MS) return;
      judge.say('W2', `${id} begins under attempt ${attempt}, long after it was given away`);
    },
  };
};
