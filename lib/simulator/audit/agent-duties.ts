import type { TaskId } from '../../fleet/ids.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { SECRET } from '../life/workload.ts';
import { watchAsks } from './agent-asks.ts';
import { watchBurials } from './agent-burials.ts';
import type { AgentDuties, AgentDutiesWorld } from './agent-duties-world.ts';
import { watchFailures } from './agent-failures.ts';
import { watchMetadata } from './agent-hears.ts';
import { watchIdle } from './agent-idle.ts';
import { watchLeases } from './agent-leases.ts';
import { taskOf, watchMessages } from './agent-messages.ts';
import { isEndOfRun, watchOutcomes } from './agent-outcomes.ts';
import { watchReceipts } from './agent-receipts.ts';
import { watchReceived } from './agent-received.ts';
import { watchRefusals } from './agent-refusals.ts';
import { watchRests } from './agent-rests.ts';
import { watchRetries } from './agent-retries.ts';
import { watchRevisits } from './agent-revisits.ts';
import { watchStops } from './agent-stops.ts';
import { watchTakes } from './agent-takes.ts';
import { watchVisibility } from './agent-visibility.ts';
import { watchAgentWakes } from './agent-wakes.ts';
import { runKey } from './concurrent-runs.ts';
import { isRunningOn } from './what-items-say.ts';

/** Whoever begins a task has read its row since it was given away so long ago: less may be a race. */
const KNOWN_AFTER_MS = 20_000;

/** A process of which nothing is heard for so long stood still; the agent takes 15 s for a pause, and a call takes up to 3 s. */
const PAUSE_MS = 20_000;

/** Whoever could not write how a task ended gives it up all the same: the sweep releases it. */
const GIVES_UP_WITHIN_MS = 60_000;

/** The beat after the one that brought the news. */
const BEATS_MS = 5_000;

/** Heartbeats come every 5 s; one may be on its way for 9 s, and a standstill that is not yet noticed comes between. */
const BEAT_MS = 35_000;
const ACTIVE_MS = 10_000;

/** What an attempt may still do after a pause is decided by its row, read anew. */
const FENCED: readonly TaskStep['step'][] = ['checkpoint', 'commit', 'fail'];

/** What one process of an agent owes, whatever others mend for it later. */
export const watchAgent = (
  world: AgentDutiesWorld,
  ports: Pick<AgentDuties, 'instances' | 'tasks' | 'queue' | 'deadLetters' | 'wakes'>,
): AgentDuties => {
  const { now, judge, instanceId, granted, rowOf } = world;
  const { instances, tasks, queue, deadLetters } = ports;
  let heardOfDrainAt: EpochMs | undefined;
  const messages = watchMessages({ ...world, heardOfDrainAt: () => heardOfDrainAt });
  const retries = watchRetries(now, judge, instanceId);
  const refusals = watchRefusals(world);
  const rests = watchRests(world);
  const outcomes = watchOutcomes({ ...world, failures: () => failures });
  const asks = watchAsks({ ...world, failures: () => failures });
  const stops = watchStops(world);
  const hears = watchMetadata(world);
  const leases = watchLeases(world);
  const inbox = watchReceived(world);
  const receipts = watchReceipts(world);
  const burials = watchBurials(world);
  const wakes = watchAgentWakes(now, judge, instanceId);
  const takes = watchTakes(now, judge, instanceId);
  const visibility = watchVisibility(now, judge, world.mayStandStill);
  const idle = watchIdle(world);
  const fails = watchFailures(world);
  const revisits = watchRevisits(world);
  let polls = 0;
  const taken = new Set<string>();
  const ran = new Set<string>();
  const begun = new Set<TaskId>();
  /** Tasks that could not be held, or whose rows not be told how they ended: let go with the machine's next write. */
  const untold = new Set<TaskId>();
  /** Attempts whose rows have not been read since the last pause. */
  const doubtful = new Set<TaskId>();
  let failures = 0;
  let failedAt: EpochMs | undefined;
  let pauses = 0;
  let calledAt = now();
  let beatAt = now();
  let hasBeaten = false;

  const noteFailure = (): void => {
    failures += 1;
    failedAt = now();
    outcomes.callFailed();
  };

  /** At every call of the process: notices that it stood still, or that it works and is not heard. */
  const tick = (): void => {
    const at = now();
    if (at - calledAt >= PAUSE_MS) {
      for (const id of begun) doubtful.add(id);
      pauses += 1;
      // Whatever it owed by now is as if a call had failed.
      noteFailure();
      beatAt = at;
      heardOfDrainAt &&= at;
      takes.wentOn();
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
        noteFailure();
        if (name !== undefined) retries.failed(name);
        throw error;
      },
    );
  };

  /** Nothing is reclaimed of what never ran, and whatever ran and is handed back was. */
  const judgeHandBack = (id: TaskId, attempt: number, countsAsReclaim: boolean): void => {
    const run = runKey({ id, attempt });
    // Of one that a process before this one took, nobody knows.
    const isUnused = taken.has(run) && !granted.has(`${instanceId}/${run}`);
    if (countsAsReclaim && isUnused) judge.say('W5', `${id} was never held here, and is handed back as reclaimed`);
    if (!countsAsReclaim && ran.has(run)) judge.say('W5', `${id} ran, and is handed back as if it had not`);
  };

  /** A lease is what keeps the sweep from a task: it goes once the row says how its run has ended, and not before. */
  const judgeUnholds = (ids: readonly TaskId[]): void => {
    if (failedAt !== undefined && now() - failedAt < GIVES_UP_WITHIN_MS) return;
    const leases = world.item()?.leases ?? {};
    for (const id of ids.filter((one) => !untold.has(one))) {
      const attempt = leases[id];
      const isOurs = attempt !== undefined && isRunningOn(rowOf(id), instanceId, attempt);
      if (isOurs) judge.say('W4', `${id} is ${instanceId}'s under attempt ${attempt}, and is held no more`);
    }
  };

  const isRunningHere = (id: TaskId): boolean => {
    const row = rowOf(id);
    return row?.status === 'running' && row.owner === instanceId && ran.has(runKey({ id, attempt: row.attempt }));
  };

  /** A machine that drains asks for no more work, from the beat on whose answer said so; a pause may come between. */
  const judgePolls = (): void => {
    if (polls === 0 || heardOfDrainAt === undefined || now() - heardOfDrainAt < BEATS_MS) return;
    judge.say('N6', `${instanceId} drains, and still asks for work`);
  };

  const noteTaken = (id: TaskId, attempt: number, pausesBefore: number): void => {
    taken.add(runKey({ id, attempt }));
    visibility.taken(id);
    begun.add(id);
    if (pauses === pausesBefore) doubtful.delete(id);
    else doubtful.add(id);
  };

  return {
    instances: {
      ...instances,
      changeLeases: async (change, at) => {
        tick();
        judgeUnholds(change.unholds ?? []);
        for (const { taskId } of change.holds ?? []) untold.add(taskId);
        const outcome = await counted(instances.changeLeases(change, at));
        for (const { taskId } of change.holds ?? []) untold.delete(taskId);
        if (outcome.outcome === 'done') {
          leases.written(outcome.record, failures);
          takes.found(outcome.record);
          return outcome;
        }
        refusals.refused(change.holds, failures);
        return outcome;
      },
      openSession: (...args) => {
        fails.opens();
        return counted(instances.openSession(...args));
      },
      recordSignal: async (signal, drains, at) => {
        const record = await counted(instances.recordSignal(signal, drains, at));
        wakes.recorded(record, drains, at, failures);
        if (record !== undefined) takes.found(record);
        return record;
      },
      withdraw: async (...args) => {
        const record = await counted(instances.withdraw(...args));
        if (record !== undefined) takes.found(record);
        return record;
      },
      heartbeat: (...args) => {
        tick();
        beatAt = now();
        hasBeaten = true;
        refusals.look(failures);
        messages.look(failures);
        visibility.look(failures, isRunningHere);
        idle.look(args[1], args[3], failures);
        revisits.told(args[3]);
        rests.look(failures);
        asks.look();
        hears.look(args[1], failures);
        stops.look(args[1], failures);
        inbox.look(failures);
        wakes.look(failures);
        leases.look(failures);
        judgePolls();
        const answer = counted(instances.heartbeat(...args));
        void answer.then(
          ({ record }) => {
            if (record?.drainingAt !== undefined) heardOfDrainAt ??= now();
            if (record !== undefined) takes.heard(record);
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
        if (step.step === 'take') takes.takes(id, failedAt);
        if (step.step === 'fail') {
          const run = runKey({ id, attempt: step.attempt });
          fails.tells(id, step.reason, { isTaken: taken.has(run), isBegun: ran.has(run) });
        }
        if (step.step === 'hand-back') {
          judgeHandBack(id, step.attempt, step.countsAsReclaim);
          asks.handsBack(id, step.attempt);
        }
        outcomes.told(id, step);
        const pausesBefore = pauses;
        if (step.step === 'checkpoint') outcomes.kept(id, step.attempt, false);
        const isEnd = isEndOfRun(step);
        if (isEnd) untold.add(id);
        const outcome = await counted(tasks.apply(id, step), `${step.step} of ${id}`);
        if (isEnd) untold.delete(id);
        if (step.step === 'checkpoint') outcomes.kept(id, step.attempt, true);
        tick();
        const isBack = step.step === 'fail' || step.step === 'hand-back';
        if (isEnd) visibility.ended(id);
        if (isBack && outcome.outcome === 'done' && outcome.row.status === 'ready')
          messages.givenBack(outcome.row, failures);
        // Also where it finds that the row is its own already: the answer to an earlier call was lost.
        if (step.step === 'take' && outcome.outcome !== 'refused') noteTaken(id, outcome.row.attempt, pausesBefore);
        rests.answered(id, step, outcome);
        return outcome;
      },
    },
    queue: {
      ...queue,
      changeVisibility: (message, seconds) => {
        inbox.dealtWith(message);
        receipts.putBack(message, seconds, failedAt);
        revisits.hidden(message, seconds, begun);
        rests.shown(message, seconds, failures);
        const answered = visibility.asked(message);
        const answer = counted(queue.changeVisibility(message, seconds), `hiding of ${message.messageId}`);
        messages.changed(message, seconds, answer);
        void answer
          .then(
            () => visibility.changed(message, seconds, failures),
            () => undefined,
          )
          .then(answered);
        return answer;
      },
      receive: async (options) => {
        polls += 1;
        const answered = idle.asked();
        try {
          const received = await queue.receive(options);
          visibility.received(received, options.visibilitySeconds, failures);
          inbox.received(received, failures);
          rests.received(received, untold);
          return received;
        } finally {
          polls -= 1;
          answered();
        }
      },
      delete: (message) => {
        burials.removes(taskOf(message.body), message.receiptHandle);
        visibility.deleted(message);
        inbox.dealtWith(message);
        return counted(queue.delete(message));
      },
      send: (id, delaySeconds = 0) => {
        rests.sent(id, delaySeconds, failures);
        messages.sent(id);
        const answer = counted(queue.send(id, delaySeconds), `sending of ${id}`);
        void answer.then(
          () => burials.sent(id),
          () => undefined,
        );
        return answer;
      },
    },
    deadLetters: {
      ...deadLetters,
      send: (id, reason) => {
        if (reason.includes(SECRET)) judge.say('S2', `${id} is dead for a reason that holds its payload`);
        const answer = counted(deadLetters.send(id, reason), `copying of ${id}`);
        burials.copies(id, answer);
        return answer;
      },
    },
    wakes: {
      wake: (fleet, delaySeconds) => {
        wakes.woken();
        return ports.wakes.wake(fleet, delaySeconds);
      },
    },
    failures: () => failures,
    left: () => inbox.left(failures),
    storeFailed: outcomes.storeFailed,
    saved: asks.saved,
    asked: (id, attempt, said) => asks.asked({ id, attempt }, said),
    ended: outcomes.ended,
    started: (id, attempt) => {
      tick();
      if (doubtful.has(id)) judge.say('W2', `${id} begins after a pause, and its row was not read`);
      ran.add(runKey({ id, attempt }));
      const row = rowOf(id);
      const isOurs = isRunningOn(row, instanceId, attempt);
      const since = row?.finishedAt ?? row?.takenAt;
      if (isOurs || since === undefined || now() - since < KNOWN_AFTER_MS) return;
      judge.say('W2', `${id} begins under attempt ${attempt}, long after it was given away`);
    },
  };
};
