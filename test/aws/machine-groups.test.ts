import { CompleteLifecycleActionCommand, DetachInstancesCommand } from '@aws-sdk/client-auto-scaling';
import { DeregisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsMachineGroups } from '../../lib/aws/machine-groups.ts';
import { type InstanceId, instanceId } from '../../lib/fleet/ids.ts';
import { type GroupServices, startGroupServices } from '../contracts/support/group-services.ts';

let services: GroupServices;
beforeAll(async () => {
  services = await startGroupServices();
});
afterAll(() => services.close());

const idsOf = (prefix: string, count: number): InstanceId[] =>
  Array.from({ length: count }, (_, number) =>
    instanceId(`i-${prefix}${number.toString(16).padStart(17 - prefix.length, '0')}`),
  );

const membersOf = async (group: string, prefix: string, count: number): Promise<InstanceId[]> => {
  const ids = idsOf(prefix, count);
  for (const id of ids) {
    services.start(id);
    await services.join(group, id);
  }
  return ids;
};

const requestsOf = (group: string): readonly Readonly<Record<string, unknown>>[] =>
  services
    .lines()
    .filter((line) => line['action'] === 'autoscaling:DetachInstances' && JSON.stringify(line).includes(`"${group}"`));

describe('detaching', () => {
  it('asks for at most twenty at once, and leaves the group wanting as many as before', async () => {
    await services.makeGroup('many');
    const ids = await membersOf('many', 'aa', 45);
    expect(await services.groups.detach('many', ids)).toEqual({ done: ids, refused: [] });
    expect(requestsOf('many')).toHaveLength(3);
    expect(await services.describe('many')).toEqual({ desired: 45, members: [] });
  });

  it('takes the tag of the group from each machine', async () => {
    await services.makeGroup('tagged');
    const [id] = idsOf('ab', 1);
    const { tags } = services.start(id!);
    await services.join('tagged', id!);
    expect(tags.get('aws:autoscaling:groupName')).toBe('tagged');
    await services.groups.detach('tagged', [id!]);
    expect(tags.size).toBe(0);
  });

  it('finds one that is not in the group done, and detaches all others of its batch', async () => {
    await services.makeGroup('mixed');
    const ids = await membersOf('mixed', 'ac', 7);
    const [stranger] = idsOf('ad', 1);
    const asked = [...ids.slice(0, 3), stranger!, ...ids.slice(3)];
    expect(await services.groups.detach('mixed', asked)).toEqual({ done: asked, refused: [] });
    expect((await services.describe('mixed')).members).toEqual([]);
  });

  it('is refused for a machine that its group ends, in the group’s own words', async () => {
    await services.makeGroup('ending', 'spothop');
    const ids = await membersOf('ending', 'ae', 3);
    await services.beginEnding(ids[1]!);
    const { done, refused } = await services.groups.detach('ending', ids);
    expect(done).toEqual([ids[0], ids[2]]);
    expect(refused).toEqual([
      {
        instanceId: ids[1],
        code: 'ValidationError',
        message: `The instance ${ids[1]} is not in InService or Standby.`,
      },
    ]);
  });

  it('is refused at once for all by a group that is not there', async () => {
    const ids = idsOf('af', 5);
    const { done, refused } = await services.groups.detach('nowhere', ids);
    expect(done).toEqual([]);
    expect(refused).toHaveLength(5);
    expect(requestsOf('nowhere')).toHaveLength(1);
  });
});

describe('completing a lifecycle action', () => {
  it('ends the machine once every hook has been completed, ours by its token', async () => {
    await services.makeGroup('two-hooks', 'spothop', 'collect-logs');
    const [id] = await membersOf('two-hooks', 'ba', 1);
    await services.beginEnding(id!);
    const told = services.events.filter(({ detail }) => detail['EC2InstanceId'] === id).map(({ detail }) => detail);
    expect(told.map((detail) => detail['LifecycleHookName'])).toEqual(['spothop', 'collect-logs']);
    const ours = { autoScalingGroup: 'two-hooks', instanceId: id!, lifecycleHook: 'spothop' };
    const token = String(told[0]!['LifecycleActionToken']);
    expect(await services.groups.completeLifecycle({ ...ours, token })).toEqual({ done: [id], refused: [] });
    expect((await services.describe('two-hooks')).members).toEqual([id]);
    const theirs = { ...ours, lifecycleHook: 'collect-logs', token: undefined };
    await services.groups.completeLifecycle(theirs);
    expect((await services.describe('two-hooks')).members).toEqual([]);
  });

  it('that is over, or was never begun, is done', async () => {
    await services.makeGroup('over', 'spothop');
    const [id] = await membersOf('over', 'bb', 1);
    const named = { autoScalingGroup: 'over', lifecycleHook: 'spothop', instanceId: id! };
    for (const token of [undefined, '00000000-0000-0000-0000-000000000000']) {
      expect(await services.groups.completeLifecycle({ ...named, token })).toEqual({ done: [id], refused: [] });
    }
  });
});

describe('deregistering', () => {
  it('of a machine that is not registered, or that EC2 knows no more, is done', async () => {
    const arn = await services.makeTargetGroup('web');
    const [known, gone] = idsOf('ca', 2);
    services.start(known!);
    await services.register(arn, known!);
    expect(await services.groups.deregister(arn, [gone!, known!])).toEqual({ done: [gone, known], refused: [] });
    expect(await services.targetsOf(arn)).toEqual([]);
    expect(await services.groups.deregister(arn, [known!])).toEqual({ done: [known], refused: [] });
  });
});

describe('an answer that is none', () => {
  const failing = (error: object) => {
    const client = { send: () => Promise.reject(Object.assign(new Error('failed'), error)) } as never;
    return awsMachineGroups({ autoScaling: client, loadBalancing: client });
  };
  const ids = idsOf('da', 2);
  const completion = { autoScalingGroup: 'g', lifecycleHook: 'h', instanceId: ids[0]!, token: 't' };

  it.each(['TimeoutError', 'Throttling', 'InternalFailure', 'ResourceContentionFault'])(
    '%s is thrown, for the next reconcile to ask again',
    async (name) => {
      const groups = failing({ name });
      await expect(groups.detach('g', ids)).rejects.toThrow('failed');
      await expect(groups.deregister('arn', ids)).rejects.toThrow('failed');
      await expect(groups.completeLifecycle(completion)).rejects.toThrow('failed');
    },
  );

  it('a missing permission is a refusal of all, asked once', async () => {
    const groups = failing({ name: 'AccessDenied' });
    for (const outcome of [await groups.detach('g', ids), await groups.deregister('arn', ids)]) {
      expect(outcome).toEqual({
        done: [],
        refused: ids.map((id) => ({ instanceId: id, code: 'AccessDenied', message: 'failed' })),
      });
    }
    expect((await groups.completeLifecycle(completion)).refused).toHaveLength(1);
  });
});

describe('what is sent', () => {
  it('keeps the group’s wish, names the machine beside its token, and says CONTINUE', async () => {
    const sent: unknown[] = [];
    const client = { send: async (command: unknown) => void sent.push(command) } as never;
    const groups = awsMachineGroups({ autoScaling: client, loadBalancing: client });
    const [id] = idsOf('ea', 1);
    await groups.detach('workers', [id!]);
    await groups.deregister('arn:web', [id!]);
    await groups.completeLifecycle({
      autoScalingGroup: 'workers',
      lifecycleHook: 'spothop',
      instanceId: id!,
      token: 't',
    });
    expect(sent.map((command) => (command as DetachInstancesCommand).constructor)).toEqual([
      DetachInstancesCommand,
      DeregisterTargetsCommand,
      CompleteLifecycleActionCommand,
    ]);
    expect(sent.map((command) => (command as DetachInstancesCommand).input)).toEqual([
      { AutoScalingGroupName: 'workers', InstanceIds: [id], ShouldDecrementDesiredCapacity: false },
      { TargetGroupArn: 'arn:web', Targets: [{ Id: id }] },
      {
        AutoScalingGroupName: 'workers',
        LifecycleHookName: 'spothop',
        LifecycleActionResult: 'CONTINUE',
        InstanceId: id,
        LifecycleActionToken: 't',
      },
    ]);
  });
});
