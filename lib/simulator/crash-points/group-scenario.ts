import type { GroupSettings } from '../../fleet/fleet-settings.ts';
import { fleetName, type InstanceId, instanceId, intentId } from '../../fleet/ids.ts';
import type { Pool } from '../../fleet/pool.ts';
import { AUTO_SCALING_GROUP_TAG } from '../../fleet/tags.ts';
import { secondsToMs } from '../../fleet/time.ts';
import { exploredFleet } from '../explored-fleet.ts';
import type { Hands, Scenario } from './scenario.ts';
import { interruptionWarning, terminateLifecycleAction } from './signal-events.ts';

const FLEET = fleetName('explored');
const GROUP = 'workers';
const HOOK = 'spothop';
const WEB = 'arn:web';
const SPOT: Pool = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' };

/** In the same groups, and none of the fleet's. */
const STRANGER = instanceId('i-0eeeeeeeeeeeeeee0');

const GROUPS: GroupSettings = {
  autoScalingGroup: GROUP,
  lifecycleHook: HOOK,
  targetGroups: [WEB],
  isSupervised: false,
};

const SETTINGS = exploredFleet({}, { mode: 'attach', launchTemplateId: '', launchTemplateVersion: '', groups: GROUPS });

/** What the group does by itself: a machine of its own, with the tags that its owner gave it for the fleet. */
const groupLaunches = async ({ memory, refresh }: Hands, number: number): Promise<void> => {
  const request = memory.machines.serialise({
    token: `theirs-${number}`,
    fleet: FLEET,
    intentId: intentId('theirs'),
    pools: [{ pool: SPOT, subnetId: 'subnet-theirs', priority: 0 }],
    count: 1,
    launchTemplateId: 'lt-theirs',
    launchTemplateVersion: '1',
    tags: { [AUTO_SCALING_GROUP_TAG]: GROUP },
  });
  const answer = await memory.machines.launch(request);
  for (const { instanceId: id } of answer.answered ? answer.machines : []) {
    memory.groups.join(GROUP, id);
    memory.groups.register(WEB, id);
  }
  refresh();
};

const isMember = ({ memory }: Hands, id: InstanceId): boolean => memory.groups.membersOf(GROUP).includes(id);

/** The group launches another machine once the first was detached, and later ends it, waiting for the hook as long as it takes. */
const playGroup = async (hands: Hands): Promise<void> => {
  const { clock, memory, until } = hands;
  const first = await hands.machine(1);
  await hands.holds(first, 1);
  hands.signal(interruptionWarning(first.instanceId, clock.now()));
  const taken = clock.sleep(secondsToMs(120)).then(() => hands.reclaim(first));
  await until(() => !isMember(hands, first.instanceId));
  await groupLaunches(hands, 2);
  const second = await hands.machine(2);
  await hands.holds(second, 1);
  const token = memory.groups.beginEnding(GROUP, HOOK, second.instanceId);
  const named = { autoScalingGroup: GROUP, hook: HOOK, token };
  hands.signal(terminateLifecycleAction(second.instanceId, clock.now(), named));
  await until(() => memory.groups.waitingFor(GROUP).length === 0);
  memory.machines.setState(second.instanceId, 'terminated', 'Client.UserInitiatedShutdown');
  hands.refresh();
  await taken;
};

/** How it stands with the groups in the end, as their owner would have it; the script waits for what must happen. */
const groupViolations = ({ memory }: Hands): readonly string[] => {
  const members = memory.groups.membersOf(GROUP);
  const targets = memory.groups.targetsOf(WEB);
  const detached = [...memory.instances.records.values()].filter(
    ({ signals, detachedAt }) => signals['lifecycle-terminating'] !== undefined && detachedAt !== undefined,
  );
  return [
    ...detached.map(({ instanceId: id }) => `a machine that its group ends is not detached: ${id} was`),
    ...(members.join() === STRANGER ? [] : [`who does not drain stays in its group: left are ${members.join(' ')}`]),
    ...(targets.join() === STRANGER
      ? []
      : [`who drains, and nobody else, is deregistered: left are ${targets.join(' ')}`]),
  ];
};

export const groupPath: Scenario = {
  name: 'groups',
  tells:
    'A machine of somebody’s Auto Scaling group is warned, detached and deregistered; the group ends the one that it launched instead, and waits for it.',
  settings: SETTINGS,
  tasks: [
    { name: 'task-1', steps: 3, stepSeconds: 10 },
    { name: 'task-2', steps: 6, stepSeconds: 10 },
  ],
  tellsStateChanges: true,
  crewOf: () => 'attached agent',
  prepare: async (hands) => {
    const { memory } = hands;
    memory.groups.addAutoScalingGroup(GROUP);
    memory.groups.addTargetGroup(WEB);
    memory.groups.join(GROUP, STRANGER);
    memory.groups.register(WEB, STRANGER);
    await groupLaunches(hands, 1);
    return new Map();
  },
  script: playGroup,
  violations: groupViolations,
  explores: (by) => by === 'minute' || by === 'wake',
};
