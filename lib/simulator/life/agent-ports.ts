import type { AgentPorts } from '../../agent/world.ts';
import type { TaskId } from '../../fleet/ids.ts';
import type { DrainPolicy } from '../../fleet/instance.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import { watchAgent } from '../audit/agent-duties.ts';
import type { AgentDuties } from '../audit/agent-duties-world.ts';
import { runKey, watchRuns } from '../audit/concurrent-runs.ts';
import { saidOf } from '../audit/promises.ts';
import { calledPort } from './called-port.ts';
import type { Caller } from './caller.ts';
import { fleetOf, queueOf } from './fleets-of.ts';
import type { Life } from './life.ts';
import { type HostedMachine, tellingsOf, type WatchedAgent } from './machine-host.ts';
import { VISIBILITY_SECONDS } from './plan.ts';
import { noteProcessEnd, noteProcessStart } from './process-ends.ts';
import { watchfulLog } from './watchful-log.ts';
import { wasReopened, workloadRunner } from './workload.ts';

/** Where a recommendation drains, the machine's time begins when its agent reads of it. */
const endOfAdvice = (
  { adviceReadAt }: HostedMachine,
  { rebalance, windowSeconds }: DrainPolicy,
): EpochMs | undefined =>
  adviceReadAt === undefined || rebalance !== 'drain' ? undefined : addMs(adviceReadAt, secondsToMs(windowSeconds));

const earliest = (...instants: readonly (EpochMs | undefined)[]): EpochMs | undefined => {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : (Math.min(...known) as EpochMs);
};

/** Checks what a run goes on from, and under whose lease it runs. */
const watchStart = (life: Life, granted: ReadonlySet<string>, machine: HostedMachine, duties: AgentDuties) => {
  const { judge, memory, resumptions } = life;
  return (id: TaskId, attempt: number, stepsDone: number): void => {
    resumptions.started(machine.instanceId, id, attempt, stepsDone);
    if (!granted.has(`${machine.instanceId}/${id}/${attempt}`)) {
      judge.say('N6', `${id} runs on ${machine.instanceId}, which never held it under attempt ${attempt}`);
    }
    duties.started(id, attempt);
    // Not at once, and not one after the other: the attempt is what fences its side effects.
    const run = runKey({ id, attempt });
    if (life.begun.has(run)) judge.say('W2', `${id} runs twice under attempt ${attempt}`);
    life.begun.add(run);
    if (memory.tasks.rows.get(id) === undefined) judge.say('W1', `${id} runs and has no row`);
  };
};

/** What each run last answered of its state is what its next checkpoint keeps. */
const watchStates = ({ resumptions }: Life, now: () => EpochMs, { saved }: Pick<AgentDuties, 'saved'>) => {
  const answers = new Map<string, { readonly stepsDone: number; readonly at: EpochMs }>();
  return {
    answered: (id: TaskId, attempt: number, stepsDone: number): void =>
      void answers.set(runKey({ id, attempt }), { stepsDone, at: now() }),
    applied: (id: TaskId, step: TaskStep): void => {
      if (step.step !== 'checkpoint') return;
      const answer = answers.get(runKey({ id, attempt: step.attempt }));
      if (answer === undefined) return;
      saved(now() - answer.at);
      resumptions.kept(id, step.attempt, answer.stepsDone);
    },
  };
};

/** What an agent's process works with: the same ports as everybody's, watched for all that the process owes. */
export const watchedAgentOf = (
  life: Life,
  granted: ReadonlySet<string>,
  caller: Caller,
  machine: HostedMachine,
): WatchedAgent => {
  const { memory, faults } = life;
  noteProcessStart(life, machine);
  const judge = saidOf(life.judge, machine.instanceId);
  const ports = life.portsOf(caller);
  const clock = machine.clockOf(caller);
  const { instanceId } = machine;
  const rowOf = (id: TaskId) => memory.tasks.rows.get(id);
  const item = () => memory.instances.records.get(instanceId);
  const { drain } = fleetOf(life, machine.fleet);
  const watched = { now: life.clock.now, judge, slots: life.plan.slots, instanceId, rowOf };
  const { receivesMax } = life.plan;
  const runs = watchRuns({ ...watched, leases: () => item()?.leases ?? {} });
  const duties = watchAgent(
    {
      ...watched,
      receivesMax,
      visibilitySeconds: VISIBILITY_SECONDS,
      drain,
      mayStandStill: faults.rate('F57') > 0,
      wentOnAt: () => machine.wentOnAt,
      granted,
      endTold: () => earliest(machine.endTold, endOfAdvice(machine, drain)),
      metadata: () => tellingsOf(machine, faults),
      isReopened: (id) => wasReopened(life.workload.get(id)),
      item,
      running: runs.now,
      stepsKept: life.resumptions.stepsKept,
      stopsAsked: () => machine.stopsAsked,
    },
    {
      instances: calledPort('instances', ports.instances, caller),
      tasks: calledPort('tasks', ports.tasks, caller),
      queue: calledPort('queue', queueOf(ports, life.plan, machine.fleet), caller),
      deadLetters: calledPort('deadLetters', ports.deadLetters, caller),
      wakes: calledPort('wakes', ports.wakes, caller),
    },
  );
  const blobs = calledPort('blobs', ports.blobs, caller);
  const begin = watchStart(life, granted, machine, duties);
  const states = watchStates(life, clock.now, duties);
  const watchedPorts: AgentPorts = {
    clock,
    newId: memory.newId,
    log: watchfulLog(judge),
    imds: { read: async () => undefined },
    machineState: machine.machineState,
    instances: {
      ...duties.instances,
      heartbeat: (...args) => {
        const answer = duties.instances.heartbeat(...args);
        runs.look(duties.failures());
        return answer;
      },
    },
    tasks: {
      ...duties.tasks,
      apply: async (id, step) => {
        const outcome = await duties.tasks.apply(id, step);
        if (outcome.outcome !== 'refused') states.applied(id, step);
        return outcome;
      },
    },
    queue: duties.queue,
    deadLetters: duties.deadLetters,
    wakes: duties.wakes,
    blobs: {
      ...blobs,
      put: (...args) => {
        const answer = blobs.put(...args);
        answer.catch(duties.storeFailed);
        return answer;
      },
    },
    runner: workloadRunner({
      clock,
      faults,
      truthOf: (id) => life.workload.get(id)?.truth,
      onStart: (id, attempt, stepsDone) => {
        begin(id, attempt, stepsDone);
        runs.begun(id, attempt);
      },
      onAsked: duties.asked,
      onState: states.answered,
      onOutcome: duties.ended,
      onEnd: runs.ended,
      onKept: (id, attempt, stepsDone, tookMs) => {
        duties.saved(tookMs);
        life.resumptions.kept(id, attempt, stepsDone);
      },
      kill: () => {
        noteProcessEnd(life, machine);
        caller.crash();
      },
    }),
  };
  return { ports: watchedPorts, tasksLeft: duties.left, running: runs.now };
};
