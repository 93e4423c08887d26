import { fleetName, type InstanceId } from '../../fleet/ids.ts';
import type { Pool } from '../../fleet/pool.ts';
import { AUTO_SCALING_GROUP_TAG } from '../../fleet/tags.ts';
import { addMs, epochMs, secondsToMs } from '../../fleet/time.ts';
import type { LaunchRequest } from '../../ports/machines.ts';
import { isRunning } from '../audit/exchanges.ts';
import type { SeededRandom } from '../random.ts';
import { GROUP, HOOK, type OwnerPlan, TARGET_GROUPS } from './kinds.ts';
import type { Life } from './life.ts';
import type { HostedMachine } from './machine-host.ts';
import type { Events } from './reclaims.ts';

/** How often a group compares what it has with what it wants. */
const LOOK_SECONDS = 20;

/** A health check takes a machine for lost once its agent is gone for so long. */
const USELESS_SECONDS = 300;

/** Long enough for reconciles to be refused; over at the latest a few seconds after faults have stopped. */
const REFUSES_SECONDS_LEAST = 60;
const REFUSES_SECONDS_MOST = 360;
const REFUSAL_LOOK_SECONDS = 5;

/** Whoever waits for the hook is asked so often whether it still does. */
const HOOK_LOOK_SECONDS = 2;

/** Whoever launches the machines of a fleet that launches none, keeps so many running, and ends some now and then. */
export interface Owner {
  /** From here on nothing is replaced or ended any more. */
  rest(): void;
}

/** One owner's hands: what they do is theirs to do, and passes no auditor. */
interface Hands {
  readonly life: Life;
  readonly events: Events;
  readonly owner: OwnerPlan;
  readonly random: SeededRandom;
  launched: number;
}

const poolOf = ({ life, owner, random }: Hands): Pool => {
  const { instanceType, zone } = random.pick(life.plan.settings.capacity.places);
  return { instanceType, zone, purchase: random.chance(owner.onDemandShare) ? 'on-demand' : 'spot' };
};

/** One machine in the owner's group, and behind all of their load balancers, named in the fleet file or not. */
const launch = async (hands: Hands, fleet: LaunchRequest['fleet']): Promise<readonly InstanceId[]> => {
  const { machines, groups } = hands.life.memory;
  hands.launched += 1;
  const token = `owner-${hands.launched}`;
  const request = {
    ...{ token, fleet, intentId: token, count: 1, launchTemplateId: 'lt-owner', launchTemplateVersion: '1' },
    pools: [{ pool: poolOf(hands), subnetId: 'subnet-owner', priority: 0 }],
    tags: { [AUTO_SCALING_GROUP_TAG]: GROUP },
  } as unknown as LaunchRequest;
  const answer = await machines.launch(machines.serialise(request));
  const ids = answer.answered ? answer.machines.map(({ instanceId }) => instanceId) : [];
  for (const id of ids) {
    groups.join(GROUP, id);
    for (const arn of TARGET_GROUPS) groups.register(arn, id);
  }
  return ids;
};

/** A group wants so many machines in service; whatever was detached, or is being ended, is not. */
const replaceMissing = async (hands: Hands): Promise<void> => {
  const { life, owner } = hands;
  const { memory, host, truth } = life;
  const members = memory.groups.membersOf(GROUP).filter((id) => {
    const machine = host.byId.get(id);
    return machine !== undefined && isRunning(machine) && !truth.ending.has(id);
  });
  for (let missing = owner.machines - members.length; missing > 0; missing -= 1) {
    await launch(hands, life.settings.fleet);
  }
  host.refresh();
};

const endNow = ({ life }: Hands, machine: HostedMachine): void => {
  life.trace.note('owner', `ends ${machine.instanceId}`);
  life.host.end(machine, 'us');
};

/** The group tells its hook, waits until it is let go on or has waited long enough, and ends the machine. */
const endByHook = async (hands: Hands, machine: HostedMachine): Promise<void> => {
  const { life, owner, events } = hands;
  const { clock, memory, truth, trace } = life;
  const { instanceId } = machine;
  const token = memory.groups.beginEnding(GROUP, HOOK, instanceId);
  trace.note('owner', `is going to end ${instanceId}`);
  truth.ending.set(instanceId, clock.now());
  machine.isGroupEnding = true;
  events.tellEnding(machine, { autoScalingGroup: GROUP, hook: HOOK, token });
  const until = clock.now() + secondsToMs(owner.hookSeconds);
  const isWaitedFor = (): boolean => memory.groups.waitingFor(GROUP).includes(token) && isRunning(machine);
  while (isWaitedFor() && clock.now() < until) await clock.sleep(secondsToMs(HOOK_LOOK_SECONDS));
  if (isRunning(machine)) endNow(hands, machine);
};

/** One that was detached is in no group any more: nobody is asked before it ends. */
const endMachine = async (hands: Hands, machine: HostedMachine): Promise<void> => {
  const { groups } = hands.life.memory;
  const { truth } = hands.life;
  if (!isRunning(machine) || truth.ending.has(machine.instanceId)) return;
  const isMember = groups.membersOf(GROUP).includes(machine.instanceId);
  if (isMember && hands.life.plan.settings.groups?.lifecycleHook !== undefined) await endByHook(hands, machine);
  else endNow(hands, machine);
};

const isUseless = ({ life }: Hands, machine: HostedMachine): boolean => {
  const heardAt = life.memory.instances.records.get(machine.instanceId)?.heartbeatAt ?? machine.launchedAt;
  const isGone = machine.agentEndedAt !== undefined || machine.isFrozen;
  return isGone && life.clock.now() - heardAt >= secondsToMs(USELESS_SECONDS);
};

const keepUp = async (hands: Hands, isOver: () => boolean): Promise<void> => {
  const { life } = hands;
  while (!isOver()) {
    for (const machine of life.host.machines) if (isUseless(hands, machine)) void endMachine(hands, machine);
    await replaceMissing(hands);
    await life.clock.sleep(secondsToMs(LOOK_SECONDS));
  }
};

/** A scale-in, a new image, a rebalancing of zones: the owner's own business, while faults go on. */
const endSome = async (hands: Hands): Promise<void> => {
  const { life, owner } = hands;
  const random = life.random.fork('owner ends');
  for (;;) {
    await life.clock.sleep((-Math.log(1 - random.next()) * 3_600_000) / owner.endsAnHour);
    if (life.faults.isHealed()) return;
    const running = life.host.machines.filter(isRunning);
    if (running.length > 0) void endMachine(hands, random.pick(running));
  }
};

/** One group at a time refuses whatever is asked of it, in the words of a missing permission. */
const refuseSometimes = async ({ life, owner }: Hands): Promise<void> => {
  const { memory, truth, clock, faults } = life;
  const random = life.random.fork('groups refuse');
  for (;;) {
    await clock.sleep((-Math.log(1 - random.next()) * 3_600_000) / owner.refusesAnHour);
    if (faults.isHealed()) return;
    const name = random.pick([GROUP, ...TARGET_GROUPS]);
    const until = addMs(clock.now(), secondsToMs(random.between(REFUSES_SECONDS_LEAST, REFUSES_SECONDS_MOST)));
    life.trace.note('owner', `takes the permission for ${name} away`);
    truth.refusing.set(name, epochMs(Number.MAX_SAFE_INTEGER));
    memory.groups.refuse({ code: 'AccessDenied', message: 'Not authorised.' }, name);
    while (clock.now() < until && !faults.isHealed()) await clock.sleep(secondsToMs(REFUSAL_LOOK_SECONDS));
    life.trace.note('owner', `gives the permission for ${name} back`);
    truth.refusing.set(name, clock.now());
    memory.groups.refuse(undefined, name);
  }
};

/** In the same groups, with the same owner, and none of the fleet's. */
const launchStranger = async (hands: Hands): Promise<void> => {
  for (const id of await launch(hands, fleetName('strangers'))) hands.life.truth.foreign.add(id);
};

export const runOwner = (life: Life, owner: OwnerPlan, events: Events): Owner => {
  const hands: Hands = { life, events, owner, random: life.random.fork('owner'), launched: 0 };
  let isOver = false;
  const { groups } = life.memory;
  groups.addAutoScalingGroup(GROUP);
  for (const arn of TARGET_GROUPS) groups.addTargetGroup(arn);
  void launchStranger(hands).then(() => keepUp(hands, () => isOver));
  void endSome(hands);
  if (owner.refusesAnHour > 0) void refuseSometimes(hands);
  return {
    rest: () => {
      isOver = true;
    },
  };
};
