import type { InstanceId } from '../../fleet/ids.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import { unsettledNow } from '../audit/end-state.ts';
import { EXCHANGE_SECONDS, endsItselfBy, isRunning, newcomersOf } from '../audit/exchanges.ts';
import { STEPS_TAKE_MS } from '../audit/groups-at-rest.ts';
import { createMonitor, LOOK_SECONDS, type Monitor } from '../audit/monitor.ts';
import type { Violation } from '../audit/promises.ts';
import type { DeployedFunctions } from '../crash-points/functions.ts';
import type { FaultCounts } from '../faults/swarm.ts';
import { allFleets } from './fleets-of.ts';
import { createFunctionsHost } from './functions-host.ts';
import { runIncidents } from './incidents.ts';
import type { LifeKind } from './kinds.ts';
import { sendLaterMessages, takeLaterMessages } from './later-messages.ts';
import { createLife, type Life, type LifeOptions, START } from './life.ts';
import { runMarket } from './market.ts';
import { type Owner, runOwner } from './owner.ts';
import { createProducers, type Producers } from './producer.ts';
import { createEvents, runReclaims } from './reclaims.ts';

/** Once faults stop and work ends, the world has this long to come to rest: intents, silence and boots are given their time. */
const CONVERGES_WITHIN_SECONDS = 5_400;

const SLICE_SECONDS = 30;

/** No life is shorter, however soon it has come to rest. */
const LIFE_MS_LEAST = 3_600_000;

/** After faults have stopped, one more machine falls silent, so that W4's figures are measured without other faults. */
const PROBE_AFTER_SECONDS = 45;

export interface LifeResult {
  readonly seed: number;
  readonly kind: LifeKind;
  readonly hours: number;
  readonly machines: number;
  readonly reclaims: number;
  readonly crashes: number;
  readonly tasks: number;
  readonly calls: number;
  readonly faults: FaultCounts;
  readonly violations: readonly Violation[];
  /** From the end of faults to rest; absent for a stack that was deleted. */
  readonly convergenceSeconds?: number;
  readonly slowestTakenSeconds: number;
  readonly slowestReadyAgainSeconds: number;
  readonly traceHash: string;
  readonly lines: readonly string[];
}

const runMonitor = async (life: Life, monitor: Monitor): Promise<void> => {
  for (;;) {
    await life.clock.sleep(secondsToMs(LOOK_SECONDS));
    monitor.look();
  }
};

/** Nothing is wrong any more: services answer, machines are reachable, capacity is there. */
const heal = (life: Life): void => {
  life.faults.heal();
  life.calls.conditions.outages.clear();
  life.calls.conditions.outageOverAt = life.clock.now();
  takeLaterMessages(life);
  for (const machine of life.host.machines) {
    machine.unreachable.clear();
    machine.standing?.go();
    delete machine.tellsNonsense;
  }
};

/** A week of watching is over: the fleet file is changed, and from now on what was planned is done. */
const endWatching = (life: Life): void => {
  if (life.settings.mode !== 'observe') return;
  life.settings = { ...life.settings, mode: 'attach' };
  life.watchedUntil = life.clock.now();
  life.trace.note('world', 'the fleet is watched no longer, and attached');
};

/** One machine with work on it falls silent while nothing else is wrong. */
const probeSilence = async (life: Life, monitor: Monitor): Promise<void> => {
  const { clock, host, memory, plan } = life;
  await clock.sleep(secondsToMs(PROBE_AFTER_SECONDS));
  const busy = host.machines.find(({ instanceId, endedBy, isStopped, isFrozen }) => {
    const record = memory.instances.records.get(instanceId);
    if (endedBy !== undefined || isStopped || isFrozen || record?.drainingAt !== undefined) return false;
    return Object.keys(record?.leases ?? {}).length > 0;
  });
  if (busy === undefined) return;
  monitor.silenced(busy.instanceId);
  if (plan.probe === 'freeze') host.freeze(busy);
  else host.end(busy, 'ec2');
};

/** What is left to do, were every run to begin anew, on as few machines as the fleet may have. */
const workLeftSeconds = ({ workload, memory, settings, other, plan }: Life): number => {
  const left = [...workload.values()].filter(({ truth }) => {
    const status = memory.tasks.rows.get(truth.taskId)?.status;
    return status !== 'done' && status !== 'dead' && status !== 'cancelled';
  });
  const seconds = left.reduce((sum, { work }) => sum + work.steps * work.stepSeconds + plan.retryDelaySeconds, 0);
  const machines = allFleets({ settings, other }).map(({ capacity }) => plan.owner?.machines ?? capacity.machinesMax);
  return (seconds * plan.failuresMax) / Math.min(...machines);
};

const runUntilSettled = async (life: Life, until: EpochMs, isWorkOver = () => true): Promise<void> => {
  for (;;) {
    await life.clock.runUntil(addMs(life.clock.now(), secondsToMs(SLICE_SECONDS)));
    const isAtRest = isWorkOver() && (await unsettledNow(life)).length === 0;
    if (isAtRest || life.clock.now() >= until) return;
  }
};

/** Goes on until nothing is left to settle, and says when that was. */
const converge = async (life: Life, producers: Producers): Promise<EpochMs> => {
  const until = addMs(life.clock.now(), secondsToMs(CONVERGES_WITHIN_SECONDS + workLeftSeconds(life)));
  await runUntilSettled(life, until, producers.isDone);
  return life.clock.now();
};

/** When the last of those has ended by itself whose agents are dead and which EC2 refuses to end. */
const lastSelfEnd = ({ host, memory }: Life): EpochMs | undefined => {
  const left = host.machines.filter((machine) => isRunning(machine) && memory.machines.isProtected(machine.instanceId));
  const ends = left.flatMap(({ instanceId }) => {
    const record = memory.instances.records.get(instanceId);
    return (record === undefined ? undefined : endsItselfBy(record)) ?? [];
  });
  return ends.length === 0 ? undefined : (Math.max(...ends) as EpochMs);
};

const haveJustEnded = ({ host, clock }: Life): boolean =>
  host.machines.some(({ endedAt }) => endedAt !== undefined && clock.now() - endedAt < STEPS_TAKE_MS);

/**
 * Whoever is just taking another's place is given the time for it, and has to be the one that stays; whoever can be ended
 * by nobody but itself is given the time for that; and the run of whoever has only just ended, the time to be closed.
 */
const endExchange = async (life: Life, restedAt: EpochMs): Promise<void> => {
  const { clock, host, judge, memory } = life;
  const isDraining = (id: InstanceId): boolean => memory.instances.records.get(id)?.drainingAt !== undefined;
  // Looked at first: what is bought at this very moment is there once it has been.
  if ((await unsettledNow(life)).length === 0) return;
  const newcomers = allFleets(life).flatMap(({ fleet, capacity: { machinesMin } }) => {
    const machines = host.machines.filter((machine) => machine.fleet === fleet);
    return newcomersOf(machines, { now: clock.now(), restedAt, machinesMin, isDraining });
  });
  const selfEnd = lastSelfEnd(life);
  if (selfEnd !== undefined && selfEnd > clock.now()) await runUntilSettled(life, selfEnd);
  if (newcomers.length > 0) await runUntilSettled(life, addMs(clock.now(), secondsToMs(EXCHANGE_SECONDS)));
  if (haveJustEnded(life)) await runUntilSettled(life, addMs(clock.now(), STEPS_TAKE_MS));
  for (const { instanceId } of newcomers.filter((machine) => !isRunning(machine))) {
    judge.say('rest', `in the end: ${instanceId} was to take another's place, and went itself`, 'monitor');
  }
};

/** A world at rest stays at rest: what is not settled in the end is a broken promise. */
const endAfter = async (life: Life, restedAt: EpochMs, leastMs: number): Promise<void> => {
  const end = Math.max(life.clock.now(), START + leastMs) as EpochMs;
  await life.clock.runUntil(end);
  await endExchange(life, restedAt);
  for (const { promise, found } of await unsettledNow(life)) life.judge.say(promise, `in the end: ${found}`, 'monitor');
};

/** The stack is deleted: nothing answers, nobody reconciles, and every machine has to end by itself. */
const deleteStack = async (life: Life, monitor: Monitor, stop: () => void): Promise<void> => {
  stop();
  life.faults.heal();
  life.calls.conditions.outages.set('dynamodb', 'F19').set('sqs', 'F59');
  life.trace.note('world', 'the stack is deleted');
  monitor.deleted();
  await life.clock.runUntil(addMs(life.clock.now(), 25 * 60_000));
};

const resultOf = (
  life: Life,
  seed: number,
  monitor: Monitor,
  convergedAt: EpochMs | undefined,
  healedAt: EpochMs,
): LifeResult => {
  const { clock, host, faults, judge, trace, calls } = life;
  const { F11 = 0, F12 = 0, F13 = 0 } = faults.counts;
  return {
    seed,
    kind: life.plan.kind,
    hours: (clock.now() - START) / 3_600_000,
    machines: host.machines.length,
    reclaims: host.machines.filter(({ endedBy, isStopped }) => endedBy === 'ec2' || isStopped).length,
    crashes: F11 + F12 + F13,
    tasks: life.workload.size,
    calls: calls.tally.calls,
    faults: faults.counts,
    violations: judge.violations,
    ...(convergedAt === undefined ? {} : { convergenceSeconds: (convergedAt - healedAt) / 1_000 }),
    slowestTakenSeconds: monitor.slowest.takenMs / 1_000,
    slowestReadyAgainSeconds: monitor.slowest.readyAgainMs / 1_000,
    traceHash: trace.hash(),
    lines: trace.lines(),
  };
};

/** One seed: a fleet's life with everything that can go wrong in it, and then a time in which nothing does. */
export const playLife = async (functions: DeployedFunctions, options: LifeOptions): Promise<LifeResult> => {
  const life = createLife(options);
  const { clock, plan } = life;
  const functionsHost = createFunctionsHost(life, functions);
  const events = createEvents(life, functionsHost);
  const producers = createProducers(life);
  const monitor = createMonitor(life);
  runReclaims(life, events);
  const market = runMarket(life);
  producers.start();
  sendLaterMessages(life);
  runIncidents(life, { events, producers, storm: options.storm });
  void runMonitor(life, monitor);
  const owner: Owner | undefined = plan.owner === undefined ? undefined : runOwner(life, plan.owner, events);
  await clock.runUntil(addMs(START, plan.safetyMs));
  const healedAt = clock.now();
  if (plan.isDeleted) {
    await deleteStack(life, monitor, functionsHost.stop);
    return resultOf(life, options.seed, monitor, undefined, healedAt);
  }
  heal(life);
  void market.calm();
  endWatching(life);
  void probeSilence(life, monitor);
  const restedAt = await converge(life, producers);
  owner?.rest();
  await endAfter(life, restedAt, LIFE_MS_LEAST);
  return resultOf(life, options.seed, monitor, restedAt, healedAt);
};
