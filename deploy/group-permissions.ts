import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import type { Resources } from './fleet-resources.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: readonly unknown[];
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

/** The id in the middle is made up by AWS when the group is created; its name is what a fleet file can know. */
const groupArn = (name: string): unknown => ({
  'Fn::Sub': `arn:\${AWS::Partition}:autoscaling:\${AWS::Region}:\${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/${name}`,
});

const allow = (Sid: string, Action: string, Resource: readonly unknown[]): Statement[] =>
  Resource.length === 0 ? [] : [{ Sid, Effect: 'Allow', Action, Resource }];

const statementsFor = (fleets: readonly FleetSpecification[]): readonly Statement[] => {
  const named = fleets.map(({ attach }) => attach);
  const groups = distinct(named.flatMap(({ autoScalingGroup }) => autoScalingGroup ?? []));
  const withHook = named.filter(({ lifecycleHook }) => lifecycleHook !== undefined);
  const waiting = distinct(withHook.flatMap(({ autoScalingGroup }) => autoScalingGroup ?? []));
  const targetGroups = distinct(named.flatMap((attach) => attach.targetGroups));
  return [
    ...allow('DetachFromNamedGroups', 'autoscaling:DetachInstances', groups.map(groupArn)),
    ...allow('LetNamedGroupsGoOn', 'autoscaling:CompleteLifecycleAction', waiting.map(groupArn)),
    ...allow('DeregisterFromNamedTargetGroups', 'elasticloadbalancing:DeregisterTargets', targetGroups),
  ];
};

/**
 * What the reconcile may do to groups of the user's: each named group, and nothing where none is named. Fleets in `observe`
 * only plan. Serverless merges lists by position, so that the empty object leaves the role's own policy as it stands.
 */
export const groupPermissions = (fleets: readonly FleetSpecification[]): Resources => {
  const Statement = statementsFor(fleets.filter(({ mode }) => mode === 'attach'));
  if (Statement.length === 0) return {};
  const policy = { PolicyName: 'groups', PolicyDocument: { Version: '2012-10-17', Statement } };
  return { ReconcileRole: { Properties: { Policies: [{}, policy] } } };
};
