import type { CapacityPolicy, FleetSettings } from '../../fleet/fleet-settings.ts';
import { fleetName, type IntentId, instanceId, intentId, type TaskId, taskId } from '../../fleet/ids.ts';
import type { Pool } from '../../fleet/pool.ts';
import { addMs, secondsToMs } from '../../fleet/time.ts';
import { exploredFleet } from '../explored-fleet.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';
import { groupPath } from './group-scenario.ts';
import type { Market } from './market.ts';
import type { Hands, Scenario } from './scenario.ts';
import { interruptionWarning, rebalanceRecommendation } from './signal-events.ts';
import type { StepWork } from './step-worker.ts';

const FLEET = fleetName('explored');
const NOTICE_SECONDS = 120;

const SPOT_A: Pool = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' };
const SPOT_B: Pool = { ...SPOT_A, zone: 'us-east-1b' };

const settings = (capacity: Partial<CapacityPolicy>): FleetSettings =>
  exploredFleet({
    targetBacklog: 2,
    onDemandFallback: true,
    onDemandMax: 4,
    places: [SPOT_A, SPOT_B].map(({ instanceType, zone }) => ({ instanceType, zone, subnetId: `subnet-${zone}` })),
    ...capacity,
  });

const works = (count: number, steps: number, stepSeconds: number): StepWork[] =>
  Array.from({ length: count }, (_, index) => ({ name: `task-${index + 1}`, steps, stepSeconds }));

const seconds = ({ clock }: Hands, count: number): Promise<void> => clock.sleep(secondsToMs(count));

/** A request for one spot machine, as it is sent. */
const oneMachine = (memory: MemoryWorld, id: IntentId): string =>
  memory.machines.serialise({
    token: id,
    fleet: FLEET,
    intentId: id,
    pools: [{ pool: SPOT_A, subnetId: 'subnet-us-east-1a', priority: 0 }],
    count: 1,
    launchTemplateId: 'lt-explored',
    launchTemplateVersion: '1',
    tags: {},
  });

/** A machine with our stack's tags, made by a request that none of our intents sent. */
const launchElsewhere = async ({ memory, addForeign }: Hands): Promise<void> => {
  const answer = await memory.machines.launch(oneMachine(memory, intentId('not-ours')));
  if (answer.answered) for (const machine of answer.machines) addForeign(machine.instanceId);
};

const STRANGER = instanceId('i-0fffffffffffffff0');

const signalPath: Scenario = {
  name: 'signal',
  tells:
    'A silent machine that holds two tasks is warned, twice, and taken; another is advised to move; a stranger is warned.',
  settings: settings({}),
  tasks: works(4, 3, 10),
  tellsStateChanges: true,
  crewOf: (ordinal) => (ordinal === 1 ? 'mute' : 'agent'),
  prepare: async (hands) => {
    hands.addForeign(STRANGER);
    await launchElsewhere(hands);
    return new Map();
  },
  script: async (hands) => {
    const first = await hands.machine(1);
    const second = await hands.machine(2);
    await hands.holds(first, 2);
    await seconds(hands, 20);
    const now = hands.clock.now();
    hands.signal(interruptionWarning(first.instanceId, now));
    hands.signal(rebalanceRecommendation(second.instanceId, now));
    hands.signal(interruptionWarning(STRANGER, now));
    await seconds(hands, 3);
    hands.signal(interruptionWarning(first.instanceId, now));
    await seconds(hands, NOTICE_SECONDS);
    hands.reclaim(first);
  },
  explores: (by) => by === 'signals',
};

const launchPath: Scenario = {
  name: 'launch',
  tells:
    'The first answer is lost, and one spot machine is left: the rest of a partial answer is bought on demand; the spot machine is taken, and no event tells of it.',
  settings: settings({ machinesMax: 3 }),
  tasks: works(6, 4, 10),
  tellsStateChanges: false,
  crewOf: () => 'agent',
  prepare: async (hands) => {
    await launchElsewhere(hands);
    hands.memory.machines.setCapacity(SPOT_A, 1);
    hands.memory.machines.setCapacity(SPOT_B, 0);
    hands.memory.machines.loseNextAnswer();
    return new Map();
  },
  script: async (hands) => {
    const first = await hands.machine(1);
    await hands.holds(first, 1);
    await seconds(hands, 15);
    hands.reclaim(first);
  },
  explores: (by, sinceStartMs) => ['minute', 'wake'].includes(by) && sinceStartMs <= 310_000,
};

/** An intent older than a token may be repeated, whose machine runs and is written nowhere. */
const unansweredLaunch = async ({ memory, clock, settings: { fleet } }: Hands): Promise<void> => {
  const id = intentId('lost-answer');
  const request = oneMachine(memory, id);
  const stored = JSON.stringify({ fleet, pools: [SPOT_A], request });
  const openedAt = addMs(clock.now(), -secondsToMs(660));
  const intent = { intentId: id, purchase: 'spot', count: 1, request: stored, reason: 'explored', openedAt } as const;
  await memory.fleets.changeHead(fleet, 0, { open: [intent] });
  await memory.machines.launch(request);
};

const adoptionPath: Scenario = {
  name: 'adoption',
  tells:
    'The answer to a launch was lost for good: its machine is found by its tags, adopted with a warning that came before, and replaced.',
  settings: settings({ machinesMax: 1 }),
  tasks: works(2, 3, 10),
  tellsStateChanges: true,
  crewOf: () => 'agent',
  prepare: async (hands) => {
    await launchElsewhere(hands);
    await unansweredLaunch(hands);
    const launched = hands.memory.machines.all().at(-1)!;
    hands.signal(interruptionWarning(launched.instanceId, hands.clock.now()));
    return new Map();
  },
  script: async (hands) => {
    const first = await hands.machine(1);
    await seconds(hands, NOTICE_SECONDS);
    hands.reclaim(first);
  },
  explores: (by, sinceStartMs) => by !== 'agent 1' && by !== 'agent 2' && sinceStartMs <= 130_000,
};

const sweepPath: Scenario = {
  name: 'sweep',
  tells: 'A machine hangs with a task on it and nothing tells of it; the message of another task was never sent.',
  settings: settings({ machinesMax: 1 }),
  tasks: works(3, 4, 10),
  messagesLost: ['task-3'],
  tellsStateChanges: false,
  crewOf: () => 'agent',
  script: async (hands) => {
    const first = await hands.machine(1);
    await hands.holds(first, 1);
    await seconds(hands, 7);
    hands.freeze(first);
  },
  explores: (by, sinceStartMs) => by === 'minute' && sinceStartMs >= 60_000 && sinceStartMs <= 310_000,
};

const AGENT_TASKS: readonly StepWork[] = [
  { name: 'checkpointed', steps: 2, stepSeconds: 5 },
  { name: 'fails-once', steps: 1, stepSeconds: 5, failures: 1 },
  { name: 'large', steps: 1, stepSeconds: 5, padding: 'x'.repeat(40_000) },
  { name: 'long', steps: 30, stepSeconds: 5 },
];

/** A producer that knows nothing of us: its body is the task, its message id the task's id. */
const sendForeignBody = ({ memory, settings: { fleet } }: Hands): ReadonlyMap<TaskId, StepWork> => {
  const work: StepWork = { name: 'foreign', steps: 1, stepSeconds: 5 };
  memory.workQueue(fleet).sendBody(JSON.stringify(work));
  return new Map([[taskId('message-1'), work]]);
};

const agentPath: Scenario = {
  name: 'agent',
  tells:
    'One machine takes, runs, checkpoints, commits, fails and registers tasks, is told of its end by its metadata service, and hands the last one back.',
  settings: settings({ machinesMax: 1, targetBacklog: 10 }),
  tasks: AGENT_TASKS,
  tellsStateChanges: true,
  crewOf: () => 'agent',
  prepare: async (hands) => sendForeignBody(hands),
  script: async (hands) => {
    const first = await hands.machine(1);
    await hands.holds(first, 1);
    await seconds(hands, 40);
    const deadline = addMs(hands.clock.now(), secondsToMs(60));
    hands.announce(first, deadline);
    await seconds(hands, 60);
    hands.reclaim(first);
  },
  explores: (by) => by === 'agent 1',
};

const slotsPath: Scenario = {
  name: 'slots',
  tells:
    'A machine runs three tasks at once; its agent is killed while it does, started again, and later told of its machine’s end.',
  settings: settings({ machinesMax: 1, targetBacklog: 10 }),
  tasks: [...works(5, 3, 5), { name: 'long', steps: 20, stepSeconds: 5 }],
  tellsStateChanges: true,
  slots: 3,
  crewOf: () => 'agent',
  script: async (hands) => {
    const first = await hands.machine(1);
    await hands.holds(first, 3);
    await seconds(hands, 7);
    hands.kill(first);
    await seconds(hands, 60);
    const deadline = addMs(hands.clock.now(), secondsToMs(60));
    hands.announce(first, deadline);
    await seconds(hands, 60);
    hands.reclaim(first);
  },
  explores: (by) => by === 'agent 1',
};

const zombiePath: Scenario = {
  name: 'zombie',
  tells:
    'A machine stands still on the way to its commit, for longer than its silence is borne; its task runs elsewhere by the time it goes on.',
  settings: settings({}),
  tasks: works(4, 3, 15).map((work) => ({ ...work, keepsNothing: true })),
  tellsStateChanges: true,
  crewOf: () => 'agent',
  script: async (hands) => {
    const first = await hands.machine(1);
    await hands.holds(first, 1);
    hands.stallAt(first, 'commit', 115);
  },
  explores: (by) => by === 'agent 1',
};

/** One pool is cheap, and the other costs more than the fleet pays for spot. */
const MARKET: Market = { spot: { 'c7g.large/us-east-1a': 30_000, 'c7g.large/us-east-1b': 95_000 }, onDemand: 100_000 };

const pricesPath: Scenario = {
  name: 'prices',
  tells:
    'Prices are read every five minutes while a machine works, and what is known of them in the end is what they are.',
  settings: settings({ machinesMax: 1 }),
  tasks: works(2, 4, 90),
  tellsStateChanges: true,
  crewOf: () => 'agent',
  market: MARKET,
  script: async (hands) => {
    await hands.machine(1);
  },
  explores: (by) => by === 'prices',
};

/** Every path of the product that touches the outside world, each as a story with an end. */
export const SCENARIOS: readonly Scenario[] = [
  signalPath,
  launchPath,
  adoptionPath,
  sweepPath,
  agentPath,
  slotsPath,
  zombiePath,
  pricesPath,
  groupPath,
];
