/**
 * EC2 Auto Scaling as the local cloud serves it: groups that machines are attached to and detached from, and lifecycle
 * hooks before a machine is ended.
 *
 * Not modelled: what auto-scaling-groups.ts leaves out, hooks for launching, and every other action. A parameter that is
 * not read is ignored.
 */
import { queryAnswer, queryError } from '../http/answers.ts';
import { parseAwsQuery, type QueryObject, queryList, queryString } from '../http/aws-query.ts';
import type { XmlValue } from '../http/xml.ts';
import { type AuthorisationCheck, AwsError, type LocalService } from '../service.ts';
import { AutoScalingGroup, type GroupWorld, groupArn } from './auto-scaling-groups.ts';

const NAMESPACE = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';

/** A hook waits an hour unless told otherwise. */
const HEARTBEAT_TIMEOUT_SECONDS = 3_600;

type Groups = Map<string, AutoScalingGroup>;
type Answer = (groups: Groups, query: QueryObject, world: GroupWorld) => Readonly<Record<string, XmlValue>>;

const required = (query: QueryObject, name: string): string => {
  const value = queryString(query, name);
  if (value !== undefined) return value;
  throw new AwsError(400, 'ValidationError', `1 validation error detected: Value at '${name}' must not be null`);
};

const wholeNumber = (query: QueryObject, name: string, whenAbsent?: number): number => {
  const text = whenAbsent === undefined ? required(query, name) : (queryString(query, name) ?? String(whenAbsent));
  if (/^\d+$/.test(text)) return Number(text);
  throw new AwsError(400, 'ValidationError', `${name} must be a whole number, not ${text}`);
};

const flag = (query: QueryObject, name: string): boolean => required(query, name) === 'true';

const groupOf = (groups: Groups, query: QueryObject): AutoScalingGroup => {
  const name = required(query, 'AutoScalingGroupName');
  const group = groups.get(name);
  if (group) return group;
  throw new AwsError(400, 'ValidationError', `AutoScalingGroup name not found - no such group: ${name}`);
};

const instanceIdsOf = (query: QueryObject): string[] => queryList(query, 'InstanceIds').map(String);

const activity = (group: AutoScalingGroup, what: string, world: GroupWorld): XmlValue => ({
  ActivityId: world.newUuid(),
  AutoScalingGroupName: group.name,
  Description: what,
  Cause: 'A user request.',
  StartTime: new Date(world.clock.now()).toISOString(),
  StatusCode: 'InProgress',
  Progress: 50,
});

const describeGroup = (group: AutoScalingGroup): XmlValue => ({
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: group.arn,
  MinSize: group.minSize,
  MaxSize: group.maxSize,
  DesiredCapacity: group.desiredCapacity,
  DefaultCooldown: 300,
  AvailabilityZones: [...new Set([...group.members.values()].map(({ machine }) => machine.zone))],
  HealthCheckType: 'EC2',
  CreatedTime: new Date(group.createdAt).toISOString(),
  Instances: [...group.members.values()].map(({ machine, state }) => ({
    InstanceId: machine.instanceId,
    AvailabilityZone: machine.zone,
    LifecycleState: state,
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: false,
  })),
});

const ANSWERS: Readonly<Record<string, Answer>> = {
  CreateAutoScalingGroup: (groups, query, world) => {
    const name = required(query, 'AutoScalingGroupName');
    if (groups.has(name))
      throw new AwsError(400, 'AlreadyExists', `AutoScalingGroup by this name already exists: ${name}`);
    const minSize = wholeNumber(query, 'MinSize');
    const desiredCapacity = wholeNumber(query, 'DesiredCapacity', minSize);
    groups.set(
      name,
      new AutoScalingGroup(world, { name, minSize, maxSize: wholeNumber(query, 'MaxSize'), desiredCapacity }),
    );
    return {};
  },
  AttachInstances: (groups, query) => {
    groupOf(groups, query).attach(instanceIdsOf(query));
    return {};
  },
  DetachInstances: (groups, query, world) => {
    const group = groupOf(groups, query);
    const instanceIds = instanceIdsOf(query);
    group.detach(instanceIds, flag(query, 'ShouldDecrementDesiredCapacity'));
    return { Activities: instanceIds.map((id) => activity(group, `Detaching EC2 instance: ${id}`, world)) };
  },
  PutLifecycleHook: (groups, query) => {
    const name = required(query, 'LifecycleHookName');
    const transition = required(query, 'LifecycleTransition');
    if (transition !== 'autoscaling:EC2_INSTANCE_TERMINATING') {
      throw new AwsError(400, 'ValidationError', `The local cloud models no hook for ${transition}.`);
    }
    const seconds = wholeNumber(query, 'HeartbeatTimeout', HEARTBEAT_TIMEOUT_SECONDS);
    groupOf(groups, query).hooks.set(name, { name, heartbeatTimeoutMs: seconds * 1_000 });
    return {};
  },
  TerminateInstanceInAutoScalingGroup: (groups, query, world) => {
    const instanceId = required(query, 'InstanceId');
    const group = [...groups.values()].find(({ members }) => members.has(instanceId));
    if (group === undefined) {
      throw new AwsError(
        400,
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
      );
    }
    group.beginEnding(instanceId, flag(query, 'ShouldDecrementDesiredCapacity'));
    return { Activity: activity(group, `Terminating EC2 instance: ${instanceId}`, world) };
  },
  CompleteLifecycleAction: (groups, query) => {
    const by = { token: queryString(query, 'LifecycleActionToken'), instanceId: queryString(query, 'InstanceId') };
    groupOf(groups, query).complete(required(query, 'LifecycleHookName'), by);
    return {};
  },
  DescribeAutoScalingGroups: (groups, query) => {
    const names = queryList(query, 'AutoScalingGroupNames').map(String);
    const found = [...groups.values()].filter(({ name }) => names.length === 0 || names.includes(name));
    return { AutoScalingGroups: found.map(describeGroup) };
  },
};

/** Ending a machine by its group and every other change is judged on the group; describing knows no resources. */
const checkFor = (groups: Groups, action: string, query: QueryObject): AuthorisationCheck => {
  const named = queryString(query, 'AutoScalingGroupName');
  const instanceId = queryString(query, 'InstanceId') ?? '';
  const group =
    named === undefined ? [...groups.values()].find(({ members }) => members.has(instanceId)) : groups.get(named);
  const resource = action.startsWith('Describe') ? '*' : (group?.arn ?? groupArn('*', named ?? '*'));
  return { action: `autoscaling:${action}`, resource, context: {} };
};

const actionOf = (query: QueryObject): string => {
  const action = queryString(query, 'Action') ?? 'none';
  if (Object.hasOwn(ANSWERS, action)) return action;
  const served = Object.keys(ANSWERS).join(', ');
  throw new AwsError(400, 'InvalidAction', `The local Auto Scaling serves ${served}, not ${action}.`);
};

export const autoScalingService = (world: GroupWorld): LocalService => {
  const groups: Groups = new Map();
  return {
    signingNames: ['autoscaling'],
    understand: (request) => {
      const query = parseAwsQuery(request.body);
      const action = actionOf(query);
      const { AutoScalingGroupName, LifecycleHookName, InstanceId, InstanceIds } = query;
      return {
        action: `autoscaling:${action}`,
        checks: [checkFor(groups, action, query)],
        parameters: { AutoScalingGroupName, LifecycleHookName, InstanceId, InstanceIds },
      };
    },
    handle: async (request) => {
      const query = parseAwsQuery(request.body);
      const action = actionOf(query);
      return queryAnswer(action, NAMESPACE, ANSWERS[action]!(groups, query, world));
    },
    error: queryError,
  };
};
