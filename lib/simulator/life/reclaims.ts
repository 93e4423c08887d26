import type { InstanceId } from '../../fleet/ids.ts';
import type { LifecycleAction } from '../../fleet/signal.ts';
import { type EpochMs, secondsToMs, toIso } from '../../fleet/time.ts';
import { watchNotice, watchReading } from '../audit/audit-notices.ts';
import {
  bidEvicted,
  capacityReservationWarning,
  interruptionWarning,
  rebalanceRecommendation,
  spotRequestFulfilment,
  stateChange,
  terminateLifecycleAction,
} from '../crash-points/signal-events.ts';
import type { FunctionsHost } from './functions-host.ts';
import { type Life, secondsLater, wholeSecond } from './life.ts';
import type { HostedMachine } from './machine-host.ts';
import type { Told } from './signals-host.ts';

/** EventBridge between EC2 and the signals queue: late, doubled, reordered, or not at all. */
export interface Events {
  warn(machine: HostedMachine, delaySeconds: number): void;
  advise(machine: HostedMachine, delaySeconds: number): void;
  tellFulfilled(machine: HostedMachine): void;
  tellState(machine: HostedMachine, state: 'running' | 'shutting-down' | 'terminated' | 'stopped'): void;
  /** A group is about to end the machine, and waits for a hook. */
  tellEnding(machine: HostedMachine, action: LifecycleAction): void;
  /** One event that tells of several machines. */
  tell(body: string, told: readonly Told[]): void;
  /** A body as it is, of whatever kind. */
  raw(body: string, delaySeconds: number): void;
  /** Everything that was ever told, for whoever replays an archive. */
  readonly archive: readonly string[];
}

const underOtherId = (body: string): string => {
  const event = JSON.parse(body) as { id: string };
  return JSON.stringify({ ...event, id: `${event.id} again` });
};

export const createEvents = (life: Life, functions: FunctionsHost): Events => {
  const { clock, faults, plan, truth, memory } = life;
  const random = life.random.fork('events');
  const archive: string[] = [];

  const meet = ({ instanceId, kind }: Told): void => {
    const machine = truth.machines.get(instanceId);
    if (machine?.endedBy !== undefined && kind === 'spot-interruption') faults.met('F71', 'events');
    if (machine !== undefined && !memory.instances.records.has(instanceId)) faults.met('F67', 'events');
  };

  const put = async (body: string, delaySeconds: number, told: readonly Told[] = []): Promise<void> => {
    await clock.sleep(secondsToMs(delaySeconds));
    for (const one of told) meet(one);
    functions.signals.put(body, told);
  };

  const send = (body: string, delaySeconds: number, ...told: readonly Told[]): void => {
    for (const { instanceId, kind } of told) truth.told.add(`${instanceId}/${kind}`);
    archive.push(body);
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
    tellFulfilled: ({ instanceId }) =>
      send(spotRequestFulfilment(instanceId, at()), 0, { instanceId, kind: 'spot-request-fulfilment' }),
    tellState: ({ instanceId }, state) =>
      send(stateChange(instanceId, at(), state), 0, { instanceId, kind: `state-${state}` }),
    tellEnding: ({ instanceId }, action) =>
      send(terminateLifecycleAction(instanceId, at(), action), 0, { instanceId, kind: 'lifecycle-terminating' }),
    tell: (body, told) => send(body, 0, ...told),
    raw: (body, delay) => void put(body, delay),
  };
};

/** CloudTrail tells of whatever was taken since it last did. */
const createEvictionEvents = ({ clock, random: world }: Life, events: Events) => {
  const random = world.fork('evictions');
  let taken: InstanceId[] = [];
  return ({ instanceId, endedBy, described }: HostedMachine): void => {
    if (endedBy !== 'ec2' || described.pool.purchase !== 'spot') return;
    taken.push(instanceId);
    if (taken.length > 1) return;
    void clock.sleep(secondsToMs(random.between(0, 30))).then(() => {
      const ids = taken;
      taken = [];
      events.tell(
        bidEvicted(ids, clock.now()),
        ids.map((id) => ({ instanceId: id, kind: 'bid-evicted' })),
      );
    });
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

/** Requests of the old kind tell when they are fulfilled. */
const FULFILMENT_SHARE = 0.2;

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
    void watchReading(life, machine);
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

/** The owner of the capacity that an on-demand machine runs on wants it back; the machine itself is told nothing. */
export const takeReservation = async (life: Life, events: Events, machine: HostedMachine): Promise<void> => {
  const { clock } = life;
  if (machine.described.pool.purchase === 'spot' || machine.announcedEnd !== undefined) return;
  const random = life.random.fork(`reservation ${machine.ordinal}`);
  const endsAt = wholeSecond(secondsLater(clock.now(), random.pick([NOTICE_SECONDS, random.between(30, 900)])));
  machine.announcedEnd = endsAt;
  life.trace.note(machine.instanceId, 'the owner of its capacity wants it back');
  events.tell(capacityReservationWarning(machine.instanceId, clock.now(), endsAt), [
    { instanceId: machine.instanceId, kind: 'capacity-reservation-interruption' },
  ]);
  await clock.sleep(endsAt - clock.now());
  if (!life.faults.isHealed()) life.host.end(machine, 'ec2');
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
  const told = life.random.fork('fulfilments');
  const tellEvicted = createEvictionEvents(life, events);
  life.machineEvents.onStarted = (machine) => {
    events.tellState(machine, 'running');
    if (machine.described.pool.purchase !== 'spot') return;
    if (told.chance(FULFILMENT_SHARE)) events.tellFulfilled(machine);
    const minutes = -Math.log(1 - random.next()) * life.plan.spotMeanMinutes;
    void life.clock.sleep(secondsToMs(minutes * 60)).then(() => {
      if (!life.faults.isHealed()) void reclaim(life, events, machine);
    });
  };
  life.machineEvents.onEnded = (machine) => {
    if (machine.isStopped) return events.tellState(machine, 'stopped');
    events.tellState(machine, 'shutting-down');
    events.tellState(machine, 'terminated');
    tellEvicted(machine);
  };
};
