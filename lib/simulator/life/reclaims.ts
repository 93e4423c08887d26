import type { InstanceId } from '../../fleet/ids.ts';
import type { LifecycleAction } from '../../fleet/signal.ts';
import { type EpochMs, secondsToMs, toIso } from '../../fleet/time.ts';
import { watchNotice } from '../audit/audit-notices.ts';
import {
  interruptionWarning,
  rebalanceRecommendation,
  stateChange,
  terminateLifecycleAction,
} from '../crash-points/signal-events.ts';
import type { FunctionsHost } from './functions-host.ts';
import { type Life, secondsLater } from './life.ts';
import type { HostedMachine } from './machine-host.ts';
import type { Told } from './signals-host.ts';

/** EventBridge between EC2 and the signals queue: late, doubled, reordered, or not at all. */
export interface Events {
  warn(machine: HostedMachine, delaySeconds: number): void;
  advise(machine: HostedMachine, delaySeconds: number): void;
  tellState(machine: HostedMachine, state: 'running' | 'shutting-down' | 'terminated' | 'stopped'): void;
  /** A group is about to end the machine, and waits for a hook. */
  tellEnding(machine: HostedMachine, action: LifecycleAction): void;
  /** A body as it is, of whatever kind. */
  raw(body: string, delaySeconds: number): void;
  /** Everything that was ever told, for whoever replays an archive. */
  readonly archive: readonly { readonly body: string; readonly told: Told }[];
}

const underOtherId = (body: string): string => {
  const event = JSON.parse(body) as { id: string };
  return JSON.stringify({ ...event, id: `${event.id} again` });
};

export const createEvents = (life: Life, functions: FunctionsHost): Events => {
  const { clock, faults, plan, truth, memory } = life;
  const random = life.random.fork('events');
  const archive: { readonly body: string; readonly told: Told }[] = [];

  const put = async (body: string, delaySeconds: number, told?: Told): Promise<void> => {
    await clock.sleep(secondsToMs(delaySeconds));
    if (told !== undefined) {
      const machine = truth.machines.get(told.instanceId);
      if (machine?.endedBy !== undefined && told.kind === 'spot-interruption') faults.met('F71', 'events');
      if (machine !== undefined && !memory.instances.records.has(told.instanceId)) faults.met('F67', 'events');
    }
    functions.signals.put(body, told);
  };

  const send = (body: string, delaySeconds: number, told: Told): void => {
    truth.told.add(`${told.instanceId}/${told.kind}`);
    archive.push({ body, told });
    if (!faults.isHealed() && random.chance(plan.eventLossShare)) return;
    const delay = faults.isHealed() ? 1 : delaySeconds + random.between(0, plan.eventDelaySecondsMax);
    void put(body, delay, told);
    if (faults.strikes('F01', 'events')) void put(body, delay + random.pick([0, 0.1, random.between(0, 60)]), told);
    if (faults.strikes('F02', 'events')) void put(underOtherId(body), delay + random.between(0, 5), told);
    if (faults.strikes('F31', 'events')) {
      const unreadable = random.pick(['{"detail', '[]', '"text"', '{"source":"aws.ec2"}']);
      truth.unreadable.add(unreadable);
      void put(unreadable, delay);
    }
  };

  const at = (): EpochMs => clock.now();
  return {
    archive,
    warn: ({ instanceId }, delay) =>
      send(interruptionWarning(instanceId, at()), delay, { instanceId, kind: 'spot-interruption' }),
    advise: ({ instanceId }, delay) =>
      send(rebalanceRecommendation(instanceId, at()), delay, { instanceId, kind: 'rebalance-recommendation' }),
    tellState: ({ instanceId }, state) =>
      send(stateChange(instanceId, at(), state), 0, { instanceId, kind: `state-${state}` }),
    tellEnding: ({ instanceId }, action) =>
      send(terminateLifecycleAction(instanceId, at(), action), 0, { instanceId, kind: 'lifecycle-terminating' }),
    raw: (body, delay) => void put(body, delay),
  };
};

/** A body of another account or Region that names a machine of ours. */
export const strangersWarning = (instanceId: InstanceId, at: EpochMs): string =>
  JSON.stringify({
    ...(JSON.parse(interruptionWarning(instanceId, at)) as object),
    ...(at % 2 === 0 ? { account: '999999999999' } : { region: 'eu-west-1' }),
    time: toIso(at),
  });

const NOTICE_SECONDS = 120;

const ADVICE_SHARE = 0.3;

/** EC2 takes one machine: warns as it does or does not, and ends it. */
export const reclaim = async (life: Life, events: Events, machine: HostedMachine): Promise<void> => {
  const { clock, faults, trace } = life;
  const random = life.random.fork(`reclaim ${machine.ordinal}`);
  if (machine.endedBy !== undefined || machine.isStopped || machine.notice !== undefined) return;
  trace.note(machine.instanceId, 'EC2 is going to take it');
  if (random.chance(ADVICE_SHARE)) {
    machine.isAdvised = true;
    events.advise(machine, 0);
    await clock.sleep(secondsToMs(random.between(5, 400)));
    if (faults.isHealed() || machine.endedBy !== undefined) return;
  }
  const isUnwarned = faults.strikes('F07', machine.instanceId);
  const isShort = !isUnwarned && faults.strikes('F08', machine.instanceId);
  const leadSeconds = isUnwarned ? 0 : isShort ? random.between(0, 40) : random.between(105, NOTICE_SECONDS);
  const isStopped = faults.strikes('F09', machine.instanceId);
  if (!isUnwarned) {
    machine.notice = secondsLater(clock.now(), leadSeconds);
    warnOf(life, events, machine, leadSeconds);
    void watchNotice(life, machine, leadSeconds);
    if (faults.strikes('F64', machine.instanceId)) {
      void clock.sleep(secondsToMs(random.between(6, 60))).then(() => {
        delete machine.notice;
      });
    }
  }
  await clock.sleep(secondsToMs(leadSeconds));
  if (isStopped) life.host.stop(machine);
  else life.host.end(machine, 'ec2');
};

const warnOf = (life: Life, events: Events, machine: HostedMachine, leadSeconds: number): void => {
  const { faults } = life;
  const random = life.random.fork(`warning ${machine.ordinal}`);
  if (faults.strikes('F04', machine.instanceId)) events.advise(machine, 0);
  if (faults.strikes('F05', machine.instanceId)) events.warn(machine, leadSeconds + random.between(1, 20));
  else if (faults.strikes('F06', machine.instanceId)) events.warn(machine, leadSeconds + random.between(300, 1_200));
  else events.warn(machine, 0);
  if (faults.strikes('F03', machine.instanceId)) events.advise(machine, random.between(5, 60));
};

/** Every spot machine is taken some time, as long as faults go on. */
export const runReclaims = (life: Life, events: Events): void => {
  const random = life.random.fork('lifetimes');
  life.machineEvents.onStarted = (machine) => {
    events.tellState(machine, 'running');
    if (machine.described.pool.purchase !== 'spot') return;
    const minutes = -Math.log(1 - random.next()) * life.plan.spotMeanMinutes;
    void life.clock.sleep(secondsToMs(minutes * 60)).then(() => {
      if (!life.faults.isHealed()) void reclaim(life, events, machine);
    });
  };
  life.machineEvents.onEnded = (machine) => {
    if (machine.isStopped) return events.tellState(machine, 'stopped');
    events.tellState(machine, 'shutting-down');
    events.tellState(machine, 'terminated');
  };
};
