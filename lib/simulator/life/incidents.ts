import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import { instanceId } from '../../fleet/ids.ts';
import { parseTaskMessage } from '../../fleet/message.ts';
import type { Pool, Purchase } from '../../fleet/pool.ts';
import { FLEET_TAG, STACK_TAG } from '../../fleet/tags.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { LaunchRefusal, LaunchRequest } from '../../ports/machines.ts';
import { interruptionWarning } from '../crash-points/signal-events.ts';
import { FAULT_IDS, type FaultId, SIMULATED_FAULTS } from '../faults/simulated.ts';
import type { SeededRandom } from '../random.ts';
import type { Service } from './caller.ts';
import { allFleets } from './fleets-of.ts';
import type { Life } from './life.ts';
import type { HostedMachine } from './machine-host.ts';
import { announceMaintenance } from './maintenance.ts';
import type { Producers } from './producer.ts';
import { type Events, reclaim, strangersWarning, takeReservation } from './reclaims.ts';

export interface IncidentWorld {
  readonly events: Events;
  readonly producers: Producers;
  readonly storm: number | undefined;
}

interface Incident extends IncidentWorld {
  readonly life: Life;
  readonly random: SeededRandom;
  readonly id: FaultId;
}

const isLiving = (machine: HostedMachine): boolean =>
  machine.endedBy === undefined && !machine.isStopped && !machine.isFrozen;

const living = ({ life }: Incident): HostedMachine[] => life.host.machines.filter(isLiving);

const anyLiving = (incident: Incident): HostedMachine | undefined => {
  const machines = living(incident);
  return machines.length === 0 ? undefined : incident.random.pick(machines);
};

const poolsOf = ({ capacity }: FleetSettings, purchase: Purchase): Pool[] =>
  capacity.places.map(({ instanceType, zone }) => ({ instanceType, zone, purchase }));

type Refusal = Omit<LaunchRefusal, 'pool'>;

/** Every pool of this kind refuses for a while. */
const refusing = async (
  { life, random, id }: Incident,
  purchases: readonly Purchase[],
  refusal: Refusal,
): Promise<void> => {
  const { machines } = life.memory;
  const pools = purchases.flatMap((purchase) => poolsOf(life.plan.settings, purchase));
  life.trace.note('EC2', `${id}: ${refusal.code} in ${pools.length} pools`);
  for (const pool of pools) machines.refuse(pool, refusal);
  await life.clock.sleep(secondsToMs(random.between(60, 900)));
  for (const pool of pools) machines.refuse(pool, undefined);
};

const refusal = (kind: LaunchRefusal['class'], code: string): Refusal => ({ class: kind, code, message: 'Simulated.' });

/** A service refuses everybody for a while. */
const outage = async ({ life, random, id }: Incident, service: Service, secondsMax: number): Promise<void> => {
  life.calls.conditions.outages.set(service, id);
  await life.clock.sleep(secondsToMs(random.between(30, secondsMax)));
  // Faults have stopped meanwhile: healing has ended it, or the stack is deleted and nothing answers any more.
  if (life.faults.isHealed()) return;
  life.calls.conditions.outages.delete(service);
  life.calls.conditions.outageOverAt = life.clock.now();
};

const cutOff = async (incident: Incident, service: Service, secondsMax: number): Promise<void> => {
  const machine = anyLiving(incident);
  if (machine === undefined) return;
  machine.unreachable.add(service);
  incident.life.trace.note(machine.instanceId, `${service} cannot be reached`);
  await incident.life.clock.sleep(secondsToMs(incident.random.between(20, secondsMax)));
  machine.unreachable.delete(service);
  machine.reachableAgainAt = incident.life.clock.now();
};

const loseMessage = ({ life, random }: Incident, isUnseen: boolean): void => {
  const fleets = allFleets(life);
  const { fleet } = fleets.length > 1 ? random.pick(fleets) : life.settings;
  const queue = life.memory.workQueue(fleet);
  const messages = queue.messages().filter((message) => isUnseen === (message.receiptHandle === undefined));
  // A message of a producer that knows nothing of us is all that there is of its task: losing it loses the task.
  const ours = messages.filter((message) => message.body.startsWith('{"spothop"'));
  if (ours.length === 0) return;
  const { messageId, body } = random.pick(ours);
  const told = parseTaskMessage(body);
  const { messagesLost } = life.truth;
  if (told.kind === 'task') messagesLost.set(told.taskId, (messagesLost.get(told.taskId) ?? 0) + 1);
  queue.drop(messageId);
};

/** Taken within seconds: most of the spot machines that there are. */
const stormNow = (incident: Incident): void => {
  const { life, random, events } = incident;
  for (const machine of living(incident)) {
    if (machine.described.pool.purchase !== 'spot' || !random.chance(0.9)) continue;
    void life.clock.sleep(secondsToMs(random.between(0, 10))).then(() => reclaim(life, events, machine));
  }
};

const STORM_AGAIN_SECONDS = 300;

const storm = async (incident: Incident): Promise<void> => {
  const { life } = incident;
  stormNow(incident);
  await life.clock.sleep(secondsToMs(STORM_AGAIN_SECONDS));
  if (life.faults.isHealed()) return;
  life.faults.met('F79', 'world');
  stormNow(incident);
};

/** The tag of an intent that is open, where there is one within five minutes: the nearest that a copy comes to a proof. */
const openIntentOf = async ({ life }: Incident): Promise<string | undefined> => {
  for (let tries = 0; tries < 300 && !life.faults.isHealed(); tries += 1) {
    const { head } = await life.memory.fleets.read(life.settings.fleet);
    const [open] = Object.keys(head.openIntents);
    if (open !== undefined) return open;
    await life.clock.sleep(1_000);
  }
  return undefined;
};

/** A machine that somebody else launched, with our tags on it. */
const copyTags = async (incident: Incident): Promise<void> => {
  const { life, random } = incident;
  // Where others launch, whoever gives a machine these tags wants it looked after.
  if (life.plan.owner !== undefined) return;
  const { machines } = life.memory;
  const copied = await openIntentOf(incident);
  const token = `stranger-${Math.floor(random.next() * 2 ** 32)}`;
  const request = {
    token,
    fleet: life.settings.fleet,
    intentId: copied ?? token,
    pools: [{ pool: poolsOf(life.settings, 'spot')[0]!, subnetId: 'subnet', priority: 0 }],
    count: 1,
    launchTemplateId: 'lt-stranger',
    launchTemplateVersion: '1',
    tags: {},
  } as unknown as LaunchRequest;
  machines.refuse(request.pools[0]!.pool, undefined);
  const answer = await machines.launch(machines.serialise(request));
  for (const machine of answer.answered ? answer.machines : []) life.truth.foreign.add(machine.instanceId);
};

const strangeId = (random: SeededRandom) =>
  instanceId(
    `i-0ffff${Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(12, '0')}`,
  );

/** Fewer machines are wanted, for as long as faults go on. */
const shrinkFleet = ({ life }: Incident): void => {
  const { capacity } = life.settings;
  const machinesMax = Math.max(1, capacity.machinesMax - 2);
  const machinesMin = Math.min(capacity.machinesMin, machinesMax);
  life.settings = { ...life.settings, capacity: { ...capacity, machinesMax, machinesMin } };
};

const takeTag = (incident: Incident): void => {
  const machine = anyLiving(incident);
  if (machine === undefined) return;
  machine.isUntagged = true;
  incident.life.memory.machines.removeTags(machine.instanceId, [STACK_TAG, FLEET_TAG]);
};

const replayArchive = ({ events, random }: Incident): void => {
  for (const body of events.archive.slice(-20)) events.raw(body, random.between(0, 20));
};

const fewLeft = async (incident: Incident): Promise<void> => {
  const { life, random } = incident;
  const pools = poolsOf(life.plan.settings, 'spot');
  for (const pool of pools) life.memory.machines.setCapacity(pool, random.whole(0, 1));
  await life.clock.sleep(secondsToMs(random.between(120, 600)));
  for (const pool of pools) life.memory.machines.setCapacity(pool, Number.POSITIVE_INFINITY);
};

const onMachine =
  (act: (incident: Incident, machine: HostedMachine) => unknown) =>
  (incident: Incident): unknown => {
    const machine = anyLiving(incident);
    return machine === undefined ? undefined : act(incident, machine);
  };

/** One machine, or a few. */
const anySome = (incident: Incident): readonly HostedMachine[] => {
  const machines = living(incident);
  const first = machines.length === 0 ? 0 : incident.random.whole(0, machines.length - 1);
  return machines.slice(first, first + incident.random.pick([1, 1, 2, 3]));
};

/** systemd asks once; a person who is in a hurry asks again. */
const askToStop = async (life: Life, random: SeededRandom, machine: HostedMachine): Promise<void> => {
  // One that nobody has taken in yet is told to nobody.
  if (life.memory.instances.records.get(machine.instanceId)?.session === undefined) return;
  life.host.askToStop(machine);
  if (!random.chance(0.4)) return;
  await life.clock.sleep(secondsToMs(random.between(1, 60)));
  life.host.askToStop(machine);
};

const INCIDENTS: Partial<Record<FaultId, (incident: Incident) => unknown>> = {
  F19: (incident) => outage(incident, 'dynamodb', 600),
  F41: (incident) => loseMessage(incident, false),
  F42: (incident) => loseMessage(incident, true),
  F57: onMachine(({ life, random }, machine) => life.host.standStill(machine, random.between(5, 300))),
  F58: (incident) => cutOff(incident, 'dynamodb', 400),
  F59: (incident) => cutOff(incident, 'sqs', 400),
  F60: (incident) => cutOff(incident, 'imds', 300),
  F65: onMachine(({ life }, machine) => life.host.startSecond(machine)),
  F68: ({ events, random, life }) => events.raw(interruptionWarning(strangeId(random), life.clock.now()), 0),
  F70: onMachine(({ events, life }, machine) => {
    const stranger = strangersWarning(machine.instanceId, life.clock.now());
    life.truth.unreadable.add(stranger);
    events.raw(stranger, 0);
  }),
  F140: (incident) => announceMaintenance(incident.life, incident.events, incident.random, anySome(incident)),
  F141: onMachine(({ life, events }, machine) => takeReservation(life, events, machine)),
  F139: onMachine(({ life, random }, machine) => askToStop(life, random, machine)),
  F72: onMachine(({ events }, machine) => events.warn(machine, 0)),
  F74: replayArchive,
  F78: storm,
  F80: (incident) => refusing(incident, ['spot'], refusal('capacity', 'InsufficientInstanceCapacity')),
  F81: (incident) => refusing(incident, ['spot', 'on-demand'], refusal('quota', 'VcpuLimitExceeded')),
  F82: (incident) => refusing(incident, ['spot'], refusal('price', 'SpotMaxPriceTooLow')),
  F83: fewLeft,
  F84: (incident) => refusing(incident, ['spot', 'on-demand'], refusal('authorisation', 'UnauthorizedOperation')),
  F97: shrinkFleet,
  F100: (incident) => outage(incident, 'ec2', 900),
  F142: (incident) => outage(incident, 's3', 400),
  F103: takeTag,
  F104: copyTags,
};

/** Moments of one kind of incident: as far apart as chance has it, on average so many an hour. */
const occurrences = async (incident: Incident, perHour: number): Promise<void> => {
  const { life, random, id } = incident;
  for (;;) {
    await life.clock.sleep((-Math.log(1 - random.next()) * 3_600_000) / perHour);
    if (life.faults.isHealed()) return;
    life.faults.met(id, 'world');
    void INCIDENTS[id]!(incident);
  }
};

const CANCELS_AN_HOUR = 2;

/** An operator cancels what is under way, and tries again what is dead. */
const operate = async (life: Life, producers: Producers): Promise<void> => {
  const random = life.random.fork('operator');
  for (;;) {
    await life.clock.sleep((-Math.log(1 - random.next()) * 3_600_000) / CANCELS_AN_HOUR);
    if (life.faults.isHealed() || life.memory.tasks.rows.size === 0) return;
    const rows = [...life.memory.tasks.rows.values()];
    const running = random.chance(0.5) ? rows.filter(({ status }) => status === 'running') : [];
    const row = random.pick(running.length > 0 ? running : rows);
    const isDead = [...life.memory.tasks.rows.values()].find(({ status }) => status === 'dead');
    if (isDead !== undefined) void producers.retry(isDead.taskId);
    else void producers.cancel(row.taskId);
  }
};

/** A storm that was asked for comes once the fleet is there, and again five minutes later. */
const STORM_AFTER_SECONDS = 150;

export const runIncidents = (life: Life, world: IncidentWorld): void => {
  for (const id of FAULT_IDS) {
    if (SIMULATED_FAULTS[id].how !== 'incident') continue;
    const rate = life.faults.rate(id);
    if (rate > 0) void occurrences({ ...world, life, id, random: life.random.fork(id) }, rate);
  }
  void operate(life, world.producers);
  if (world.storm === undefined) return;
  const incident: Incident = { ...world, life, id: 'F78', random: life.random.fork('storm') };
  void life.clock.sleep(secondsToMs(STORM_AFTER_SECONDS)).then(() => {
    life.faults.met('F78', 'world');
    return storm(incident);
  });
};
