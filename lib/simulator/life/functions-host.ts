import type { SQSBatchResponse } from 'aws-lambda';
import { onceFor } from '../../decisions/once-for.ts';
import type { FleetName } from '../../fleet/ids.ts';
import { addMs, secondsToMs } from '../../fleet/time.ts';
import type { SignalQueue } from '../../ports/signal-queue.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import type { World } from '../../workflows/world.ts';
import { auditModes } from '../audit/audit-modes.ts';
import { noDeeds, watchDeeds } from '../audit/deeds.ts';
import { neglected, notActedOn } from '../audit/judge-deeds.ts';
import { type Answer, passedOver, thrownTooSoon } from '../audit/judge-failures.ts';
import { type AcknowledgedWorld, isWritten, watchAcknowledged } from '../audit/watch-acknowledged.ts';
import { CONTEXT, type DeployedFunctions, sqsRecord } from '../crash-points/functions.ts';
import { HOME } from '../crash-points/signal-events.ts';
import { lazyWorld } from '../lazy-world.ts';
import { calledPort } from './called-port.ts';
import type { Caller } from './caller.ts';
import { queueOf } from './fleets-of.ts';
import { createTakingOfHalfAdopted } from './half-adopted.ts';
import { type Life, START } from './life.ts';
import { type BatchOutcome, createSignalsHost, recordsOf, type SignalsHost } from './signals-host.ts';
import { watchfulLog } from './watchful-log.ts';
import { SECRET } from './workload.ts';

const MINUTE_MS = 60_000;
const COLD_START_SECONDS = 5;

/** As `serverless.yml` has them. */
const SIGNALS_TIMEOUT_SECONDS = 5;
const RECONCILE_TIMEOUT_SECONDS = 60;

/** Whoever wakes itself more often than this in an hour does so over and over (O2). */
const WAKES_AN_HOUR_MAX = 2_000;

/** Each machine that begins to drain in the same minute may wake its fleet, and its signals may. */
const WAKES_A_MACHINE_MAX = 2;

const NO_METRICS: Metrics = { count: () => {} };

/** The deployed functions with their triggers: the signals queue, the wake queue and the minute schedule. */
export interface FunctionsHost {
  readonly signals: SignalsHost;
  /** Nothing is called any more, as after the stack was deleted. */
  stop(): void;
}

/** The world of one run of a function. */
const worldFor = (life: Life, caller: Caller, onFailure: (port: string) => void): World => {
  const { memory, judge } = life;
  const { mode } = caller.memo.settings!.get(life.settings.fleet)!;
  const ports = life.portsOf(caller);
  /** A port as the function sees it: what its fleet's mode forbids is noticed where it happens. */
  const portOf = <Port extends object>(name: string, made: Port): Port =>
    calledPort(name, auditModes({ judge, caller, mode }, name, made), caller, () => onFailure(name));
  const moneyOf = (money: World['money']): World['money'] => ({
    putRun: money.putRun,
    putPlan: (entry) => {
      if (entry.plan.includes(SECRET)) judge.say('S2', 'a plan holds a payload');
      return money.putPlan(entry);
    },
  });
  return lazyWorld(
    {
      clock: life.clock,
      newId: memory.newId,
      workQueue: onceFor((fleet: FleetName) => portOf('queue', queueOf(ports, life.plan, fleet))),
      settings: caller.memo.settings!,
      log: watchfulLog(judge),
      metrics: NO_METRICS,
    },
    {
      instances: () => portOf('instances', ports.instances),
      tasks: () => portOf('tasks', ports.tasks),
      fleets: () => portOf('fleets', ports.fleets),
      machines: () => portOf('machines', ports.machines),
      groups: () => portOf('groups', ports.groups),
      money: () => moneyOf(portOf('money', ports.money)),
      wakes: () => calledPort('wakes', life.ports.wakes, caller, () => onFailure('wakes')),
    },
  );
};

/** A fleet that is only watched releases nothing; who saw it then may still be at it for as long as a function runs. */
const mayAct = ({ settings, watchedUntil = START, clock }: Life): boolean =>
  settings.mode !== 'observe' && clock.now() >= addMs(watchedUntil, secondsToMs(RECONCILE_TIMEOUT_SECONDS));

export const createFunctionsHost = (life: Life, functions: DeployedFunctions): FunctionsHost => {
  const { clock, faults, plan, calls, judge } = life;
  let isStopped = false;
  let reconciles = 0;
  let reconcilesEnded = 0;
  let wakes = 0;
  const takeHalfAdopted = createTakingOfHalfAdopted(life);

  /** Runs a function until it answers, throws, crashes or times out. */
  const invoke = async <T>(
    kind: 'signals' | 'reconcile',
    timeoutSeconds: number,
    run: (world: World, caller: Caller) => Promise<T>,
    told: (answer: T) => Answer,
  ): Promise<T | 'crashed'> => {
    if (faults.strikes('F133', kind)) await clock.sleep(secondsToMs(COLD_START_SECONDS));
    const caller = life.createCaller(kind, kind);
    const timeout = clock.after(secondsToMs(timeoutSeconds), caller.crash);
    const deeds = noDeeds(clock.now());
    const noteFailure = (port: string): void => {
      deeds.failures += 1;
      if (port === 'wakes') deeds.harmlessFailures += 1;
      else if (port === 'tasks' || deeds.fleetReads.length === 0) deeds.failuresOfSweep += 1;
    };
    const world = watchDeeds(worldFor(life, caller, noteFailure), deeds);
    try {
      const answer = await Promise.race([run(world, caller), caller.crashed.then(() => 'crashed' as const)]);
      if (answer === 'crashed') {
        void takeHalfAdopted();
        return answer;
      }
      const settings = [...caller.memo.settings!.values()];
      const found = [...(await neglected(life, kind, deeds, settings)), ...passedOver(deeds, told(answer))];
      for (const one of found) judge.say(one.promise, one.found, kind);
      return answer;
    } catch (error) {
      for (const one of thrownTooSoon(deeds)) judge.say(one.promise, one.found);
      throw error;
    } finally {
      timeout.forget();
      // Once it has answered, its process is frozen: whatever it did not wait for is never done.
      caller.crash();
    }
  };

  const reconcile = async (event: Parameters<ReturnType<DeployedFunctions['reconcile']>>[0]): Promise<void> => {
    reconciles += 1;
    if (reconciles > 1) faults.met('F98', 'reconcile');
    try {
      const told: Answer = { to: 'schedule' in event ? 'minute' : 'wake' };
      const run = (world: World): Promise<void> => functions.reconcile(world)(event);
      if ((await invoke('reconcile', RECONCILE_TIMEOUT_SECONDS, run, () => told)) !== 'crashed') reconcilesEnded += 1;
    } catch {
      // Lambda counts it and does not repeat it: the next minute does the same.
    } finally {
      reconciles -= 1;
    }
  };

  const handleSignals = async (
    batch: readonly { readonly messageId: string; readonly body: string }[],
  ): Promise<BatchOutcome> => {
    const soon = new Set<string>();
    const told = ({ batchItemFailures }: SQSBatchResponse): Answer => ({
      to: 'signals',
      returned: batchItemFailures.length,
    });
    const run = async (world: World, caller: Caller): Promise<SQSBatchResponse> => {
      if (batch.length > 1 && faults.strikes('F15', 'signals')) {
        void clock.sleep(calls.random.between(1, 50)).then(() => caller.crash());
      }
      const queue: SignalQueue = {
        retrySoon: async (handle) => void soon.add(handle.replace('receipt of ', '')),
        keepAside: async (body) => void signals.keptAside.push(body),
      };
      const signalsWorld = { world, queue: calledPort('signals', queue, caller), home: HOME };
      return functions.signals(signalsWorld)({ Records: recordsOf(batch) }, CONTEXT);
    };
    const handling = invoke('signals', SIGNALS_TIMEOUT_SECONDS, run, told);
    const response = await handling.catch(() => 'crashed' as const);
    if (response === 'crashed') return 'crashed';
    const late = response.batchItemFailures.filter(({ itemIdentifier }) => !soon.has(itemIdentifier));
    if (late.length > 0 && !calls.conditions.outages.has('sqs'))
      judge.say('W4', `${late.length} signals could not be handled, and are not seen again soon`);
    return { response, soon };
  };

  const acknowledgements: AcknowledgedWorld = {
    clock,
    judge,
    recordOf: (id) => life.memory.instances.records.get(id),
    isUp: () => calls.conditions.outages.size === 0,
    reconciles: () => reconcilesEnded,
  };
  const signals = createSignalsHost({
    clock,
    faults,
    handle: handleSignals,
    onUntold: (body) => {
      const isKept = signals.keptAside.includes(body);
      if (life.truth.unreadable.has(body) && !isKept) judge.say('O2', 'a body that nobody acts on was kept nowhere');
    },
    hasItem: ({ instanceId }) => life.memory.instances.records.has(instanceId),
    onAcknowledged: ({ instanceId, kind }, hadItem) => {
      const acknowledged = life.memory.instances.records.get(instanceId);
      if (hadItem && !isWritten(acknowledged, kind, clock.now())) {
        judge.say('O1', `${kind} of ${instanceId} was acknowledged before it was written`);
      }
      const left = hadItem && mayAct(life) ? notActedOn(life, instanceId, kind) : [];
      if (left.length > 0) judge.say('O1', `${kind} of ${instanceId} was acknowledged with ${left.join(' ')} on it`);
      void watchAcknowledged(acknowledgements, { instanceId, kind }, hadItem);
    },
  });

  const deliverWake = async (fleet: FleetName, delaySeconds: number): Promise<void> => {
    await clock.sleep(secondsToMs(delaySeconds) + 50);
    if (isStopped || (!faults.isHealed() && calls.random.chance(plan.wakeLossShare))) return;
    wakes += 1;
    await reconcile({ Records: [sqsRecord(`wake ${wakes}`, JSON.stringify({ wake: fleet }))] });
  };

  /** Wakes that come together are one batch of the wake queue: they collapse to one. */
  const due = new Set<string>();
  life.wake.ask = (fleet, delaySeconds) => {
    const at = `${fleet} ${Math.ceil(clock.now() / 1_000 + delaySeconds)}`;
    if (due.has(at)) return;
    due.add(at);
    void deliverWake(fleet, delaySeconds).finally(() => due.delete(at));
  };

  const runSchedule = async (): Promise<void> => {
    for (;;) {
      if (isStopped) return;
      void reconcile({ schedule: 'minute' });
      const before = wakes;
      await clock.sleep(MINUTE_MS);
      const limit = Math.max(WAKES_AN_HOUR_MAX / 60, WAKES_A_MACHINE_MAX * life.host.machines.length);
      if (wakes - before > limit) judge.say('O2', `${wakes - before} wakes in a minute`);
    }
  };
  void runSchedule();

  return {
    signals,
    stop: () => {
      isStopped = true;
    },
  };
};
