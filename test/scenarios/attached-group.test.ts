import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstanceId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import { allowedBy, logicalRole, recordedQuestions, without } from '../policies/support/questions.ts';
import { type Owner, startAttachedGroup } from './support/attached-group.ts';

/**
 * Machines of somebody's Auto Scaling group, from the warning to the end: the packaged service, the real clients and the
 * real agent on the local cloud. What is asserted is what the group's owner sees.
 */

/** Bounds a hang and nothing else: a busy machine takes several times as long as an idle one. */
const RUN_MS_MAX = 300_000;

interface Seen {
  readonly desired: number;
  readonly members: readonly InstanceId[];
  readonly targets: readonly InstanceId[];
}

let owner: Owner;
let first: InstanceId;
let second: InstanceId;
let stranger: InstanceId;
let afterWarning: Seen;
let whileWorking: Seen;
let afterEnding: Seen;
let statuses: readonly (string | undefined)[];

const look = async (): Promise<Seen> => ({ ...(await owner.group()), targets: await owner.targets() });

const statusOf = async (id: TaskId) => (await owner.service.tasks.get(id))?.status;

const held = async (id: InstanceId): Promise<readonly string[]> =>
  Object.keys((await owner.service.instances.get(id))?.leases ?? {});

/** One of the fleet's machines is warned, and so is a stranger in the same group. */
const playWarning = async (): Promise<void> => {
  await owner.submit('long');
  await owner.until('The taking of the task', async () => (await held(first)).length + (await held(second)).length > 0);
  // Whichever took it is the one that is warned.
  if ((await held(second)).length > 0) [first, second] = [second, first];
  await owner.warn(stranger);
  await owner.warn(first);
  await owner.until('The detaching of the machine', async () => !(await owner.group()).members.includes(first));
  await owner.until('Its deregistering', async () => !(await owner.targets()).includes(first));
  afterWarning = await look();
  owner.letThrough('long');
  await owner.until('The end of the long task', async () => (await statusOf(taskId('long'))) === 'done');
};

/** The group ends the other machine while that runs a task. */
const playEnding = async (): Promise<void> => {
  await owner.submit('last');
  await owner.until('The taking of the last task', async () => (await held(second)).includes('last'));
  await owner.endByGroup(second);
  await owner.until('Its draining', async () => (await owner.service.instances.get(second))?.drainingAt !== undefined);
  await owner.until('Its deregistering', async () => !(await owner.targets()).includes(second));
  whileWorking = await look();
  owner.letThrough('last');
  await owner.until('The end of the machine', async () => !(await owner.group()).members.includes(second));
  afterEnding = await look();
};

beforeAll(async () => {
  owner = await startAttachedGroup();
  [first, second] = (await owner.launch(2, true)) as [InstanceId, InstanceId];
  [stranger] = (await owner.launch(1, false)) as [InstanceId];
  const isHeard = async (id: InstanceId) => (await owner.service.instances.get(id))?.session !== undefined;
  await owner.until('The agents’ coming', async () => (await isHeard(first)) && (await isHeard(second)));
  await playWarning();
  await playEnding();
  statuses = await Promise.all([statusOf(taskId('long')), statusOf(taskId('last'))]);
}, RUN_MS_MAX);
afterAll(() => owner?.close(), 60_000);

/** Two reconciles may overlap; what the second asks for is over by then, and refused as such. */
const doneBy = (action: string) =>
  owner.cloud.context.recorder.lines().filter((line) => line['action'] === action && line['outcome'] === 'ok');

describe('a machine of somebody’s group that EC2 takes', () => {
  it('is detached while the group goes on to want as many, so that it launches another', () => {
    expect(afterWarning.desired).toBe(3);
    expect(afterWarning.members).not.toContain(first);
    expect(afterWarning.members).toContain(second);
  });

  it('gets no more requests', () => {
    expect(afterWarning.targets).not.toContain(first);
    expect(afterWarning.targets).toContain(second);
  });

  it('leaves a stranger of the same group where it is, warned as it was', () => {
    expect(afterWarning.members).toContain(stranger);
    expect(afterWarning.targets).toContain(stranger);
  });

  it('is detached once', () => {
    expect(doneBy('autoscaling:DetachInstances')).toHaveLength(1);
  });
});

describe('a machine that the group ends', () => {
  it('is waited for while it runs its task, and gets no more requests meanwhile', () => {
    expect(whileWorking.members).toContain(second);
    expect(whileWorking.targets).not.toContain(second);
  });

  it('is let go by its token once the task is done', () => {
    expect(afterEnding.members).not.toContain(second);
    expect(doneBy('autoscaling:CompleteLifecycleAction')).toHaveLength(1);
    expect(statuses).toEqual(['done', 'done']);
  });
});

describe('the permissions that the named groups add', () => {
  const ADDED = ['DetachFromNamedGroups', 'LetNamedGroupsGoOn', 'DeregisterFromNamedTargetGroups'];

  it('are enough: nothing was refused', () => {
    expect(owner.cloud.iamDenied()).toBe(0);
  });

  it('are no more than enough: without any one of them some call of the run would have been refused', () => {
    const { context } = owner.cloud;
    const asked = recordedQuestions(context.recorder.lines()).filter(
      ({ roleName }) => logicalRole(roleName) === 'ReconcileRole',
    );
    const policies = context.rolePolicies(asked[0]!.roleName);
    const needless = ADDED.filter((sid) =>
      asked.every((question) => allowedBy(without(policies, sid), question, context)),
    );
    expect(needless).toEqual([]);
  });

  it('reach no other group', () => {
    const { context } = owner.cloud;
    const detach = recordedQuestions(context.recorder.lines()).find(
      ({ action }) => action === 'autoscaling:DetachInstances',
    )!;
    const policies = context.rolePolicies(detach.roleName);
    expect(allowedBy(policies, detach, context)).toBe(true);
    expect(allowedBy(policies, { ...detach, resource: `${detach.resource}-2` }, context)).toBe(false);
    expect(allowedBy(policies, { ...detach, action: 'autoscaling:UpdateAutoScalingGroup' }, context)).toBe(false);
  });
});
