import { describe, expect, it } from 'vitest';
import { reconcileHandler } from '../../functions/reconcile.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { ec2FleetId, fleetName, type InstanceId, intentId, sessionId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { encodeWake } from '../../lib/fleet/message.ts';
import { FLEET_TAG, STACK_TAG } from '../../lib/fleet/tags.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { LaunchAnswer, LaunchRequest } from '../../lib/ports/machines.ts';
import { reconcileFleets } from '../../lib/workflows/reconcile-fleets.ts';
import { aMember, anInstanceId, anIntent, aRecord, START } from '../support/records.ts';
import {
  aHeldTask,
  aMachine,
  aSignal,
  aTaskId,
  INDEX,
  ON_DEMAND_A,
  ON_DEMAND_B,
  SESSION,
  SETTINGS,
  SPOT_A,
  SPOT_B,
  snapshot,
  submitRow,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const NO_CAPACITY = { class: 'capacity', code: 'InsufficientInstanceCapacity', message: 'none' } as const;
const FORBIDDEN = { class: 'authorisation', code: 'UnauthorizedOperation', message: 'not allowed' } as const;

/** Puts tasks on the queue: with five for each machine, `count` of them want a fifth as many machines. */
const queueTasks = async (world: WorkflowWorld, count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await world.workQueue(INDEX).send(aTaskId(`task-${index}`));
};

const reconcile = (world: WorkflowWorld): Promise<void> => reconcileFleets(world, [INDEX]);

interface Sent {
  readonly serialised: string;
  readonly request: LaunchRequest;
  readonly answer: LaunchAnswer;
}

/** Every launch as it reached EC2, and what EC2 answered. */
const watchingLaunches = (world: WorkflowWorld): { readonly world: WorkflowWorld; readonly sent: Sent[] } => {
  const sent: Sent[] = [];
  const launch = async (serialised: string): Promise<LaunchAnswer> => {
    const answer = await world.machines.launch(serialised);
    sent.push({ serialised, request: JSON.parse(serialised) as LaunchRequest, answer });
    return answer;
  };
  return { world: { ...world, machines: { ...world.machines, launch } }, sent };
};

const asked = (sent: readonly Sent[]): [string, number][] =>
  sent.map(({ request }) => [request.pools[0]!.pool.purchase, request.count]);

const members = async (world: WorkflowWorld): Promise<InstanceId[]> =>
  (await world.fleets.read(INDEX)).members.map((member) => member.instanceId);

const openIntents = async (world: WorkflowWorld): Promise<string[]> =>
  Object.keys((await world.fleets.read(INDEX)).head.openIntents);

/** The agents of all machines: a session, and a heartbeat now. */
const hearAgents = async (world: WorkflowWorld): Promise<void> => {
  for (const { instanceId } of world.instances.records.values()) {
    await world.instances.openSession(instanceId, SESSION, world.clock.now(), '1.2.3');
  }
};

const withCapacity = (changes: Partial<CapacityPolicy>) => ({ capacity: { ...SETTINGS.capacity, ...changes } });

describe('a fleet that misses machines', () => {
  it('asks once for all of them, and gives each its item and its place', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 23);
    await reconcile(world);
    await reconcile(world);
    expect(asked(sent)).toEqual([['spot', 5]]);
    expect(await members(world)).toHaveLength(5);
    expect(world.instances.records.size).toBe(5);
    expect(await openIntents(world)).toEqual([]);
  });

  it('asks no sooner than the intent is written', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    const openWhenAsked: string[][] = [];
    const tokens: string[] = [];
    const launch = async (serialised: string): Promise<LaunchAnswer> => {
      openWhenAsked.push(await openIntents(world));
      tokens.push((JSON.parse(serialised) as LaunchRequest).token);
      return world.machines.launch(serialised);
    };
    await reconcile({ ...world, machines: { ...world.machines, launch } });
    expect(openWhenAsked).toEqual([tokens]);
    expect(tokens).toHaveLength(1);
  });

  it('asks for the rest of a partial answer from the pools that did not refuse', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    world.machines.setCapacity(SPOT_A, 1);
    world.machines.setCapacity(SPOT_B, 1);
    await queueTasks(world, 15);
    await reconcile(world);
    expect(world.wakes.takeDue()).toEqual([INDEX]);
    await reconcile(world);
    expect(asked(sent)).toEqual([
      ['spot', 3],
      ['on-demand', 1],
    ]);
    expect(sent[1]!.request.token).not.toBe(sent[0]!.request.token);
    expect(await members(world)).toHaveLength(3);
  });

  it('asks another spot pool before it asks on demand', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    const partial: LaunchAnswer = {
      answered: true,
      ec2FleetId: ec2FleetId('fleet-one'),
      machines: [{ instanceId: anInstanceId(77), pool: SPOT_B }],
      refusals: [{ ...NO_CAPACITY, pool: SPOT_A }],
    };
    const answers = [partial];
    const machines = {
      ...world.machines,
      launch: async (serialised: string) => answers.shift() ?? world.machines.launch(serialised),
    };
    await queueTasks(world, 10);
    await reconcile({ ...world, machines });
    await reconcile({ ...world, machines });
    expect(sent.map(({ request }) => request.pools.map(({ pool }) => pool))).toEqual([[SPOT_B]]);
    expect(asked(sent)).toEqual([['spot', 1]]);
  });

  it('asks on demand when every spot pool refused', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    for (const pool of [SPOT_A, SPOT_B]) world.machines.refuse(pool, NO_CAPACITY);
    await queueTasks(world, 10);
    await reconcile(world);
    expect(world.wakes.takeDue()).toEqual([INDEX]);
    await reconcile(world);
    expect(asked(sent)).toEqual([
      ['spot', 2],
      ['on-demand', 2],
    ]);
    expect(world.counted.get('LaunchesOnDemand')).toBe(2);
  });

  it('waits for spot from one reconcile to the next where it is to, then asks on demand', async () => {
    const { world, sent } = watchingLaunches(workflowWorld(withCapacity({ onDemandAfterSeconds: 120 })));
    for (const pool of [SPOT_A, SPOT_B]) world.machines.refuse(pool, NO_CAPACITY);
    await queueTasks(world, 10);
    await reconcile(world);
    const standIns = () => asked(sent).filter(([purchase]) => purchase === 'on-demand');
    for (const minute of [0, 1]) {
      await reconcile(world);
      expect([minute, standIns()]).toEqual([minute, []]);
      await world.clock.advance(60_000);
    }
    expect(world.counted.get('NoCapacity')).toBeUndefined();
    await reconcile(world);
    expect(standIns()).toEqual([['on-demand', 2]]);
    expect((await world.fleets.read(INDEX)).head.spotAwaySince).toBe(START);
    await reconcile(world);
    expect((await world.fleets.read(INDEX)).head.spotAwaySince).toBeUndefined();
  });

  it('asks on demand for no more than the fleet allows, and tells people of the rest', async () => {
    const { world, sent } = watchingLaunches(workflowWorld(withCapacity({ onDemandMax: 1 })));
    for (const pool of [SPOT_A, SPOT_B]) world.machines.refuse(pool, NO_CAPACITY);
    await queueTasks(world, 50);
    await reconcile(world);
    await reconcile(world);
    expect(asked(sent)).toEqual([
      ['spot', 10],
      ['on-demand', 1],
    ]);
    expect(world.counted.get('NoCapacity')).toBe(1);
  });

  it('rests when on demand is refused too: no hot loop', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    for (const pool of [SPOT_A, SPOT_B, ON_DEMAND_A, ON_DEMAND_B]) world.machines.refuse(pool, NO_CAPACITY);
    await queueTasks(world, 10);
    for (let rounds = 0; rounds < 20; rounds += 1) {
      await reconcile(world);
      if (world.wakes.takeDue().length === 0) break;
    }
    expect(asked(sent)).toEqual([
      ['spot', 2],
      ['on-demand', 2],
    ]);
    expect(world.wakes.nextAt()).toBeUndefined();
    const { restUntil } = (await world.fleets.read(INDEX)).head;
    expect(restUntil).toBe(world.clock.now() + 30_000);
  });

  it('asks spot again by itself once its quarantine has decayed', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    for (const pool of [SPOT_A, SPOT_B, ON_DEMAND_A, ON_DEMAND_B]) world.machines.refuse(pool, NO_CAPACITY);
    await queueTasks(world, 10);
    await reconcile(world);
    await reconcile(world);
    for (const pool of [SPOT_A, SPOT_B]) world.machines.refuse(pool, undefined);
    await world.clock.advance(179_000);
    await reconcile(world);
    expect(sent).toHaveLength(2);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(asked(sent).at(-1)).toEqual(['spot', 2]);
    expect(await members(world)).toHaveLength(2);
  });

  it('never takes a missing permission inside Errors[] for missing capacity', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    for (const pool of [SPOT_A, SPOT_B]) world.machines.refuse(pool, FORBIDDEN);
    await queueTasks(world, 10);
    for (let minutes = 0; minutes < 30; minutes += 1) {
      await reconcile(world);
      await world.clock.advance(60_000);
    }
    expect(new Set(asked(sent).map(([purchase]) => purchase))).toEqual(new Set(['spot']));
    // One try for each ten minutes of rest.
    expect(sent).toHaveLength(3);
    expect(world.counted.get('LaunchesUnauthorised')).toBe(6);
  });
});

describe('two reconciles of one fleet at once', () => {
  it('ask for the missing machines once: the loser of the generation stops and wakes the fleet', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 10);
    await Promise.all([reconcile(world), reconcile(world)]);
    expect(asked(sent)).toEqual([['spot', 2]]);
    expect(world.counted.get('ReconcileLost')).toBe(1);
    expect(world.wakes.takeDue()).toEqual([INDEX]);
    expect(await members(world)).toHaveLength(2);
  });
});

describe('a launch whose answer was lost', () => {
  it('is repeated byte for byte under its token, and comes to the same machines', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 10);
    world.machines.loseNextAnswer();
    await reconcile(world);
    expect(await openIntents(world)).toHaveLength(1);
    await world.clock.advance(60_000);
    await reconcile(world);
    expect(sent).toHaveLength(2);
    expect(sent[1]!.serialised).toBe(sent[0]!.serialised);
    expect(world.machines.all()).toHaveLength(2);
    expect(await members(world)).toEqual(world.machines.all().map(({ instanceId }) => instanceId));
    expect(await openIntents(world)).toEqual([]);
  });

  it('has its machines adopted at once by EC2’s own tag and token, while the intent is open', async () => {
    const world = workflowWorld();
    await queueTasks(world, 10);
    world.machines.loseNextAnswer();
    await reconcile(world);
    const mute = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    await reconcile({ ...world, machines: mute });
    expect(await members(world)).toHaveLength(2);
    expect(world.counted.get('InstancesAdopted')).toBe(2);
  });

  it('is given up after ten minutes, adoption first, and not asked for a second time', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 10);
    world.machines.loseNextAnswer();
    await reconcile(world);
    const mute = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    await world.clock.advance(599_000);
    await reconcile({ ...world, machines: mute });
    await hearAgents(world);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(sent).toHaveLength(1);
    expect(await members(world)).toHaveLength(2);
    expect(await openIntents(world)).toEqual([]);
  });

  it('has the run closed of a machine that ended before it had its place: it was paid for (M2)', async () => {
    const world = workflowWorld();
    await queueTasks(world, 10);
    const addMember = (): Promise<never> => Promise.reject(new Error('throttled'));
    await reconcile({ ...world, fleets: { ...world.fleets, addMember } });
    const mute = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    const [placeless] = world.machines.all();
    world.machines.setState(placeless!.instanceId, 'terminated', 'Client.InstanceInitiatedShutdown');
    await world.clock.advance(600_000);
    await reconcile({ ...world, machines: mute });
    await reconcile(world);
    expect(world.money.allRuns()).toMatchObject([{ instanceId: placeless!.instanceId, endedBy: 'itself' }]);
    expect(await members(world)).not.toContain(placeless!.instanceId);
  });

  it('has the run closed of a machine without a place though it was given up while EC2 did not show it (M2)', async () => {
    const world = workflowWorld();
    await queueTasks(world, 10);
    const addMember = (): Promise<never> => Promise.reject(new Error('throttled'));
    await reconcile({ ...world, fleets: { ...world.fleets, addMember } });
    const [placeless] = world.machines.all();
    const blind = {
      ...world.machines,
      describeFleet: async () => [],
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    await world.clock.advance(600_000);
    await reconcile({ ...world, machines: blind });
    world.machines.setState(placeless!.instanceId, 'terminated', 'Client.InstanceInitiatedShutdown');
    await reconcile(world);
    expect(world.money.allRuns()).toMatchObject([{ instanceId: placeless!.instanceId, endedBy: 'itself' }]);
    await reconcile(world);
    expect(world.money.allRuns()).toHaveLength(1);
    expect(await members(world)).not.toContain(placeless!.instanceId);
  });

  it('that launched nothing is given up after ten minutes, and asked for anew under another token', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 5);
    const deaf = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    await reconcile({ ...world, machines: deaf });
    const [token] = await openIntents(world);
    await world.clock.advance(599_000);
    await reconcile({ ...world, machines: deaf });
    expect(await openIntents(world)).toEqual([token]);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(asked(sent)).toEqual([['spot', 1]]);
    expect(sent[0]!.request.token).not.toBe(token);
  });

  it('counts as had while it is open: nothing is asked for twice', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 10);
    const deaf = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    for (let minutes = 0; minutes < 9; minutes += 1) {
      await reconcile({ ...world, machines: deaf });
      await world.clock.advance(60_000);
    }
    expect(await openIntents(world)).toHaveLength(1);
    await reconcile(world);
    expect(asked(sent)).toEqual([['spot', 2]]);
  });
});

/** EC2 has launched a machine under one of our open intents, and nobody has written anything about it yet. */
const unansweredMachine = async (world: WorkflowWorld): Promise<InstanceId> => {
  await queueTasks(world, 5);
  world.machines.loseNextAnswer();
  await reconcile(world);
  return world.machines.all()[0]!.instanceId;
};

/** A machine that carries our tags, and was made by somebody else's request. */
const launchElsewhere = async (world: WorkflowWorld, intent = 'someone-else'): Promise<InstanceId> => {
  const answer = await world.machines.launch(
    JSON.stringify({
      token: `token-of-${intent}`,
      fleet: INDEX,
      intentId: intent,
      pools: [{ pool: SPOT_A, subnetId: 'subnet-a', priority: 0 }],
      count: 1,
      launchTemplateId: 'lt-1',
      launchTemplateVersion: '3',
      tags: {},
    }),
  );
  if (!answer.answered) throw new Error('not launched');
  return answer.machines[0]!.instanceId;
};

describe('a launch that is repeated after its machines were written', () => {
  it('gives no place again to one whose run was closed meanwhile', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    await reconcile({
      ...world,
      fleets: { ...world.fleets, closeIntent: () => Promise.reject(new Error('throttled')) },
    });
    const [machine] = await members(world);
    world.machines.setState(machine!, 'terminated', 'Server.SpotInstanceTermination');
    await world.instances.markGone(machine!, world.clock.now());
    await world.fleets.removeMember(INDEX, machine!);
    const placed: InstanceId[] = [];
    const addMember: WorkflowWorld['fleets']['addMember'] = async (fleet, member) => {
      placed.push(member.instanceId);
      await world.fleets.addMember(fleet, member);
    };
    await reconcile({ ...world, fleets: { ...world.fleets, addMember } });
    expect(placed).not.toContain(machine);
    expect(await members(world)).not.toContain(machine);
    expect(await openIntents(world)).not.toContain(world.machines.all()[0]!.tags['spothop:intent']);
  });
});

describe('machines that EC2 shows and the fleet does not know', () => {
  it('are adopted again by the next reconcile when the first stopped half way', async () => {
    const world = workflowWorld();
    const machine = await unansweredMachine(world);
    await world.fleets.keepUnclaimed(aSignal(world, machine), world.clock.now());
    const failing = {
      ...world.fleets,
      unclaimed: () => Promise.reject(new Error('throttled')),
      addMember: () => Promise.reject(new Error('throttled')),
    };
    await world.clock.advance(600_000);
    await reconcile({ ...world, fleets: failing });
    expect(world.instances.records.has(machine)).toBe(true);
    expect(await members(world)).toEqual([]);
    // By then its intent may be gone: the item itself says that the machine is ours.
    for (const intent of await openIntents(world))
      await world.fleets.closeIntent(INDEX, intentId(intent), { pools: {} });
    await reconcile(world);
    expect(await members(world)).toContain(machine);
    expect(world.instances.records.get(machine)?.drainingAt).toBeDefined();
  });

  it('beyond what was asked for are adopted, and leave once they hold nothing', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    const generous = {
      ...world.machines,
      launch: async (serialised: string) => {
        const request = JSON.parse(serialised) as LaunchRequest;
        return world.machines.launch(JSON.stringify({ ...request, count: request.count + 2 }));
      },
    };
    await reconcile({ ...world, machines: generous });
    expect(await members(world)).toHaveLength(3);
    await hearAgents(world);
    const queue = world.workQueue(INDEX);
    // Nothing waits any more, and what is being worked on is enough for one machine.
    await queue.receive({ waitSeconds: 0, visibilitySeconds: 600, countMax: 10 });
    await reconcile(world);
    const leaving = [...world.instances.records.values()].filter((record) => record.signals.leave !== undefined);
    expect(leaving).toHaveLength(2);
  });

  it('without proof are counted and reported, and never touched', async () => {
    const world = workflowWorld();
    const stranger = await launchElsewhere(world);
    for (let minutes = 0; minutes < 30; minutes += 1) {
      await reconcile(world);
      await world.clock.advance(60_000);
    }
    expect(world.counted.get('InstancesUnproven')).toBe(30);
    expect(world.instances.records.has(stranger)).toBe(false);
    expect(await members(world)).toEqual([]);
    expect(world.machines.all().map(({ state }) => state)).toEqual(['running']);
  });

  it('that copy the tag of an open intent are still without proof: the token is EC2’s word', async () => {
    const world = workflowWorld();
    await world.fleets.changeHead(INDEX, 0, { open: [anIntent({ intentId: intentId('ours'), openedAt: START })] });
    const stranger = await launchElsewhere(world, 'ours');
    const deaf = {
      ...world.machines,
      launch: async () => ({ answered: false, code: 'Timeout', message: '' }) as const,
    };
    await reconcile({ ...world, machines: deaf });
    expect(world.counted.get('InstancesUnproven')).toBe(1);
    expect(world.instances.records.has(stranger)).toBe(false);
  });
});

describe('a machine of the fleet that ended', () => {
  const launched = async (world: WorkflowWorld): Promise<InstanceId> => {
    await queueTasks(world, 5);
    await reconcile(world);
    await hearAgents(world);
    return (await members(world))[0]!;
  };

  it.each([
    ['Server.SpotInstanceTermination', 'ec2', 'unwarned'],
    ['Client.UserInitiatedShutdown', 'us', 'none'],
    ['Client.InstanceInitiatedShutdown', 'itself', 'none'],
    [undefined, 'unknown', 'none'],
  ] as const)('without any event (%s) loses its tasks and has its run closed, ended by %s', async (code, by, how) => {
    const world = workflowWorld();
    const machine = await launched(world);
    await aHeldTask(world, 'held', machine);
    world.machines.setState(machine, 'terminated', code);
    await world.clock.advance(5_000);
    await reconcile(world);
    expect(await world.tasks.get(aTaskId('held'))).toMatchObject({ status: 'ready', reclaims: 1 });
    expect(world.money.allRuns()).toMatchObject([{ instanceId: machine, endedBy: by, interruption: how }]);
    expect(await members(world)).not.toContain(machine);
    expect(world.instances.records.get(machine)?.goneAt).toBe(world.clock.now());
  });

  it('after a warning is a warned interruption', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    await world.instances.recordSignal(aSignal(world, machine), true, world.clock.now());
    world.machines.setState(machine, 'terminated', 'Server.SpotInstanceTermination');
    await reconcile(world);
    expect(world.money.allRuns()).toMatchObject([{ endedBy: 'ec2', interruption: 'warned' }]);
  });

  it('has its run closed once, however many reconciles see it', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    world.machines.setState(machine, 'terminated', 'Server.SpotInstanceTermination');
    for (let minutes = 0; minutes < 90; minutes += 1) {
      await reconcile(world);
      await hearAgents(world);
      await world.clock.advance(60_000);
    }
    expect(world.money.allRuns().filter((run) => run.instanceId === machine)).toHaveLength(1);
  });

  it.each(['putRun', 'removeMember', 'markGone'] as const)(
    'is closed by the next reconcile although the first stopped at %s',
    async (step) => {
      const world = workflowWorld();
      const machine = await launched(world);
      world.machines.setState(machine, 'terminated', 'Server.SpotInstanceTermination');
      const fail = () => Promise.reject(new Error('throttled'));
      const broken = {
        ...world,
        money: { ...world.money, ...(step === 'putRun' ? { putRun: fail } : {}) },
        fleets: { ...world.fleets, ...(step === 'removeMember' ? { removeMember: fail } : {}) },
        instances: { ...world.instances, ...(step === 'markGone' ? { markGone: fail } : {}) },
      };
      await reconcile(broken);
      await world.clock.advance(86_400_000);
      await reconcile(world);
      expect(world.money.allRuns().filter((run) => run.instanceId === machine)).toHaveLength(1);
      expect(await members(world)).not.toContain(machine);
      expect(world.instances.records.get(machine)?.goneAt).toBeDefined();
    },
  );

  /** EC2 as it answers while an Availability Zone is missing from its lists: asked for a machine by id, it knows it. */
  const blind = (world: WorkflowWorld) => ({ ...world.machines, describeFleet: async () => [] });

  it('is not called gone because EC2 leaves it out of its lists, however long its agent is silent', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    await world.clock.advance(3_600_000);
    await reconcile({ ...world, machines: blind(world) });
    expect(world.instances.records.get(machine)?.signals['state-terminated']).toBeUndefined();
    expect(world.money.allRuns()).toEqual([]);
    expect(await members(world)).toContain(machine);
  });

  it('is asked for by its id while the lists leave it out, and only once it is silent for long', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    const asked: (readonly InstanceId[])[] = [];
    const describe = (ids: readonly InstanceId[]) => {
      asked.push(ids);
      return world.machines.describe(ids);
    };
    const watched = { ...world, machines: { ...blind(world), describe } };
    await world.clock.advance(599_000);
    await reconcile(watched);
    expect(asked).toEqual([]);
    await world.clock.advance(1_000);
    await reconcile(watched);
    expect(asked).toEqual([[machine]]);
  });

  it('and that EC2 knows no more, asked by its id, is called gone once its agent has been silent for long', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    const forgotten = { ...world, machines: { ...blind(world), describe: async () => [] } };
    await world.clock.advance(599_000);
    await reconcile(forgotten);
    expect(world.instances.records.get(machine)?.signals['state-terminated']).toBeUndefined();
    await world.clock.advance(1_000);
    await reconcile(forgotten);
    expect(world.money.allRuns()).toMatchObject([{ instanceId: machine, endedBy: 'unknown' }]);
  });

  it('and whose tags somebody has taken is no longer ours once its agent has been silent for long', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    world.machines.removeTags(machine, [STACK_TAG, FLEET_TAG]);
    await world.clock.advance(599_000);
    await reconcile(world);
    expect(await members(world)).toContain(machine);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(await members(world)).not.toContain(machine);
    expect(world.machines.all().find(({ instanceId }) => instanceId === machine)?.state).toBe('running');
  });

  it.each(['left out of the list', 'in the list'])(
    'between the look at EC2 and the look at its item has its run closed by EC2’s word (%s)',
    async (how) => {
      const world = workflowWorld();
      const machine = await launched(world);
      await world.instances.recordSignal(aSignal(world, machine), true, world.clock.now());
      const describeFleet: typeof world.machines.describeFleet = async (fleet) => {
        const before = await world.machines.describeFleet(fleet);
        world.machines.setState(machine, 'terminated', 'Client.InstanceInitiatedShutdown');
        await world.instances.recordSignal(aSignal(world, machine, 'state-terminated'), true, world.clock.now());
        return how === 'in the list' ? before : [];
      };
      await reconcile({ ...world, machines: { ...world.machines, describeFleet } });
      await reconcile(world);
      expect(world.money.allRuns()).toMatchObject([{ instanceId: machine, endedBy: 'itself' }]);
      expect(await members(world)).not.toContain(machine);
    },
  );

  it('by an event that nobody sent has no run closed: EC2 shows that it lives (N2)', async () => {
    const world = workflowWorld();
    const machine = await launched(world);
    await world.instances.recordSignal(aSignal(world, machine, 'state-terminated'), true, world.clock.now());
    await reconcile(world);
    expect(world.money.allRuns()).toEqual([]);
    expect(await members(world)).toContain(machine);
  });

  it('has its pool set aside when EC2 took it', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    const machine = await launched(world);
    const { pool } = world.instances.records.get(machine)!;
    await world.instances.recordSignal(aSignal(world, machine), true, world.clock.now());
    await reconcile(world);
    const replacement = sent.at(-1)!.request.pools.map((asked) => asked.pool);
    expect(sent).toHaveLength(2);
    expect(replacement).not.toContainEqual(pool);
  });
});

describe('a storm of warnings', () => {
  it('is answered by one plan, not by one launch for each machine', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    await queueTasks(world, 50);
    await reconcile(world);
    await hearAgents(world);
    for (const machine of await members(world)) {
      await world.instances.recordSignal(aSignal(world, machine), true, world.clock.now());
    }
    await reconcile(world);
    await reconcile(world);
    expect(asked(sent)).toEqual([
      ['spot', 10],
      ['spot', 10],
    ]);
  });
});

describe('a machine that is not needed any more', () => {
  it('leaves by itself, and is drained by a later reconcile should its agent fall silent', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    await reconcile(world);
    await hearAgents(world);
    const queue = world.workQueue(INDEX);
    const done = await queue.receive({ waitSeconds: 0, visibilitySeconds: 60, countMax: 10 });
    for (const message of done) await queue.delete(message);
    await reconcile(world);
    const [record] = [...world.instances.records.values()];
    expect(record?.signals.leave).toBeDefined();
    expect(record?.drainingAt).toBeUndefined();
    await reconcile(world);
    expect(world.instances.records.get(record!.instanceId)?.drainingAt).toBeUndefined();
    await world.clock.advance(15_000);
    await reconcile(world);
    expect(world.instances.records.get(record!.instanceId)?.drainingAt).toBe(world.clock.now());
  });
});

describe('a machine that a reconcile drains', () => {
  it('is replaced by the same reconcile', async () => {
    const { world, sent } = watchingLaunches(workflowWorld({ maximumAgeSeconds: 300 }));
    const { instanceId } = await aMachine(world, anInstanceId(1));
    await queueTasks(world, 5);
    await world.clock.advance(299_000);
    await hearAgents(world);
    await reconcile(world);
    expect(asked(sent)).toEqual([]);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(world.instances.records.get(instanceId)?.drainingAt).toBe(world.clock.now());
    expect(asked(sent)).toEqual([['spot', 1]]);
  });

  it('is not called back by it: it was sent away before, and its agent never came', async () => {
    const { world, sent } = watchingLaunches(workflowWorld());
    const id = anInstanceId(1);
    const { session: _session, heartbeatAt: _heartbeatAt, ...item } = aRecord({ instanceId: id });
    await world.instances.create(item);
    await world.fleets.addMember(INDEX, aMember(1));
    await world.instances.recordSignal(aSignal(world, id, 'leave'), false, world.clock.now());
    await queueTasks(world, 5);
    await reconcile(world);
    expect(world.instances.records.get(id)?.drainingAt).toBe(world.clock.now());
    expect(world.instances.records.get(id)?.signals.leave).toBeDefined();
    expect(asked(sent)).toEqual([['spot', 1]]);
  });
});

describe('a fleet that only observes', () => {
  it('plans and keeps the plan, and changes nothing', async () => {
    const { world, sent } = watchingLaunches(workflowWorld({ mode: 'observe' }));
    await aMachine(world, anInstanceId(1));
    await aHeldTask(world, 'held', anInstanceId(1));
    await queueTasks(world, 50);
    await world.clock.advance(700_000);
    const before = await snapshot(world);
    await reconcile(world);
    expect(sent).toEqual([]);
    expect(world.money.allPlans().map(({ plan }) => plan)).toEqual([expect.stringContaining('launch')]);
    const tasksOf = (text: string) => (JSON.parse(text) as { tasks: unknown }).tasks;
    expect(tasksOf(await snapshot(world))).toEqual(tasksOf(before));
    expect(world.instances.records.get(anInstanceId(1))?.leases).toEqual({ held: 1 });
    expect(await openIntents(world)).toEqual([]);
  });
});

describe('a fleet whose machines belong to others', () => {
  it('launches and ends nothing, and releases all the same', async () => {
    const { world, sent } = watchingLaunches(workflowWorld({ mode: 'attach' }));
    await aMachine(world, anInstanceId(1), { session: sessionId('session-1') });
    await aHeldTask(world, 'held', anInstanceId(1));
    await queueTasks(world, 50);
    const never = { ...world.machines, terminate: () => Promise.reject(new Error('ended')) };
    await world.clock.advance(700_000);
    await reconcile({ ...world, machines: never });
    expect(sent).toEqual([]);
    expect(await world.tasks.get(aTaskId('held'))).toMatchObject({ status: 'ready' });
    expect(world.counted.get('ReconcileFailed')).toBeUndefined();
  });
});

describe('a fleet whose machines end before their agent is heard', () => {
  const failedBoot = async (world: WorkflowWorld, number: number): Promise<void> => {
    const id = anInstanceId(number);
    const { session: _session, heartbeatAt: _heartbeatAt, ...item } = aRecord({ instanceId: id });
    await world.instances.create(item);
    await world.fleets.addMember(INDEX, aMember(number));
    for (const kind of ['shut-down-by-itself', 'state-terminated'] as const) {
      await world.instances.recordSignal({ kind, instanceId: id, at: world.clock.now() }, true, world.clock.now());
    }
  };

  it('rests for ten minutes and says so, instead of paying for boot after boot', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    await failedBoot(world, 61);
    await reconcile(world);
    expect(world.machines.all()).toEqual([]);
    expect(world.counted.get('BootsFailed')).toBe(1);
    await world.clock.advance(599_000);
    await reconcile(world);
    expect(world.machines.all()).toEqual([]);
    await world.clock.advance(1_000);
    await reconcile(world);
    expect(world.machines.all()).toHaveLength(1);
  });

  it('goes on when others of it work: then it was that machine', async () => {
    const world = workflowWorld();
    await queueTasks(world, 10);
    await aMachine(world, anInstanceId(62));
    await failedBoot(world, 61);
    await reconcile(world);
    expect(world.counted.get('BootsFailed')).toBeUndefined();
    expect(world.machines.all().length).toBeGreaterThan(0);
  });
});

describe('a fleet whose machine was let go before it was up', () => {
  it('goes on buying: nothing has failed', async () => {
    const world = workflowWorld();
    const { session: _session, heartbeatAt: _heartbeatAt, ...item } = aRecord({ instanceId: anInstanceId(61) });
    await world.instances.create(item);
    await world.fleets.addMember(INDEX, aMember(61));
    const drain = { kind: 'operator-drain', instanceId: anInstanceId(61), at: world.clock.now() } as const;
    await world.instances.recordSignal(drain, true, world.clock.now());
    await queueTasks(world, 5);
    await reconcile(world);
    expect(world.counted.get('BootsFailed')).toBeUndefined();
    expect(world.machines.all()).toHaveLength(1);
  });
});

describe('a reconcile that fails', () => {
  const broken = (world: WorkflowWorld): WorkflowWorld => ({
    ...world,
    machines: { ...world.machines, describeFleet: () => Promise.reject(new Error('EC2 is away')) },
  });

  it('is counted, told, and tried again after 30 s; nothing is thrown back at the queue', async () => {
    const world = workflowWorld();
    await reconcile(broken(world));
    expect(world.counted.get('ReconcileFailed')).toBe(1);
    expect(world.logged.some(({ level }) => level === 'error')).toBe(true);
    expect(world.wakes.nextAt()).toBe(world.clock.now() + 30_000);
  });

  it('after a wake is left to the next minute: retries of retries would add up for as long as it fails', async () => {
    const world = workflowWorld();
    const Records = [{ body: encodeWake(INDEX) }];
    await reconcileHandler(broken(world))({ Records } as never);
    expect(world.counted.get('ReconcileFailed')).toBe(1);
    expect(world.wakes.nextAt()).toBeUndefined();
  });

  it('does not keep the next fleet from being reconciled', async () => {
    const other = fleetName('other');
    const world = workflowWorld({}, [{ ...SETTINGS, fleet: other }]);
    await world.workQueue(other).send(aTaskId('task'));
    const describeFleet = async (fleet: string) => {
      if (fleet === INDEX) throw new Error('EC2 is away');
      return [];
    };
    await reconcileFleets({ ...world, machines: { ...world.machines, describeFleet } }, [INDEX, other]);
    expect((await world.fleets.read(other)).members).toHaveLength(1);
  });

  it('on one machine does not keep the fleet from asking for what is missing', async () => {
    const world = workflowWorld();
    await aMachine(world, anInstanceId(77));
    await aHeldTask(world, 'stuck', anInstanceId(77));
    await queueTasks(world, 15);
    await world.clock.advance(60_000);
    const apply = () => Promise.reject(new Error('a row that cannot be written'));
    await reconcile({ ...world, tasks: { ...world.tasks, apply } });
    expect(world.machines.all().length).toBeGreaterThan(0);
    expect(world.counted.get('ReconcileFailed')).toBe(1);
  });
});

describe('the reconcile function', () => {
  it('collapses a batch of wakes to its fleets', async () => {
    const world = workflowWorld();
    const reads: string[] = [];
    const describeFleet = async (fleet: string) => {
      reads.push(fleet);
      return [];
    };
    const Records = [1, 2, 3].map(() => ({ body: encodeWake(INDEX) }));
    await reconcileHandler({ ...world, machines: { ...world.machines, describeFleet } })({ Records } as never);
    expect(reads).toEqual([INDEX]);
  });

  it('ignores a wake that it cannot read or whose fleet is unknown', async () => {
    const world = workflowWorld();
    const before = await snapshot(world);
    const Records = ['{', '{"wake":7}', encodeWake(fleetName('gone'))].map((body) => ({ body }));
    await reconcileHandler(world)({ Records } as never);
    expect(await snapshot(world)).toBe(before);
  });

  it('reconciles every fleet each minute although the sweep failed, and then says that it did', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    const due = () => Promise.reject(new Error('no index'));
    const scheduled = reconcileHandler({ ...world, tasks: { ...world.tasks, due } })({ schedule: 'minute' });
    await expect(scheduled).rejects.toThrow('no index');
    expect(await members(world)).toHaveLength(1);
  });

  it('does the sweep before the fleets are reconciled', async () => {
    const world = workflowWorld();
    await submitRow(world, 'forgotten');
    await world.clock.advance(300_000);
    await reconcileHandler(world)({ schedule: 'minute' });
    // The message that the sweep sent is what a machine was asked for.
    expect(await members(world)).toHaveLength(1);
    expect(epochMs(START + 300_000)).toBe(world.clock.now());
  });
});

describe('what a fleet’s machines have learned of their tasks', () => {
  const SEEN = { samples: 10, halfMs: 60_000, nineTenthsMs: 90_000, checkpointNineTenthsMs: 400 };

  /** Written behind the port's back, as an agent's heartbeat and a lost table would. */
  const recordsOf = (world: WorkflowWorld) => world.instances.records as Map<InstanceId, InstanceRecord>;

  const tellRunTimes = (world: WorkflowWorld, runTimes = SEEN): void => {
    for (const [id, record] of recordsOf(world)) recordsOf(world).set(id, { ...record, runTimes });
  };

  const expectations = (world: WorkflowWorld) =>
    [...world.instances.records.values()].map((record) => record.runTimesExpected);

  it('is given to those launched later, also when none was left meanwhile', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    await reconcile(world);
    expect(expectations(world)).toEqual([undefined]);
    tellRunTimes(world);
    await reconcile(world);
    expect((await world.fleets.read(INDEX)).head.runTimes).toEqual(SEEN);
    for (const id of await members(world)) await world.fleets.removeMember(INDEX, id);
    recordsOf(world).clear();
    await queueTasks(world, 5);
    await reconcile(world);
    expect(expectations(world)).not.toEqual([]);
    expect(expectations(world).every((expected) => expected?.halfMs === 60_000)).toBe(true);
  });

  it('is given to a machine that is found by its tags', async () => {
    const world = workflowWorld();
    await queueTasks(world, 5);
    await reconcile(world);
    tellRunTimes(world);
    await reconcile(world);
    const [id] = await members(world);
    await world.fleets.removeMember(INDEX, id!);
    recordsOf(world).clear();
    await reconcile(world);
    expect(world.instances.records.get(id!)?.runTimesExpected).toEqual(SEEN);
  });

  it('is written again only when it has changed by more than a tenth', async () => {
    const world = workflowWorld();
    const noted: unknown[] = [];
    const noteRunTimes: WorkflowWorld['fleets']['noteRunTimes'] = async (fleet, runTimes) => {
      noted.push(runTimes);
      await world.fleets.noteRunTimes(fleet, runTimes);
    };
    const watched = { ...world, fleets: { ...world.fleets, noteRunTimes } };
    await queueTasks(world, 5);
    await reconcile(watched);
    for (const halfMs of [60_000, 60_000, 65_000, 70_000]) {
      tellRunTimes(world, { ...SEEN, halfMs });
      await reconcile(watched);
    }
    expect(noted).toMatchObject([{ halfMs: 60_000 }, { halfMs: 70_000 }]);
  });
});
