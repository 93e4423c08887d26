import { beforeAll, describe, expect, it } from 'vitest';
import { groupPermissions } from '../../deploy/group-permissions.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import type { FleetSpecification } from '../../lib/config/fleet-specification.ts';
import { SMALL_FILE, smallFileAnd } from '../config/fleet-text.ts';
import { PACKAGING_MS_MAX, type RoleStatement, roleStatements, theTemplate } from './support/template.ts';

const fleetsOf = (text: string): readonly FleetSpecification[] => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.fleets;
};

const attached = (...lines: readonly string[]) =>
  fleetsOf(smallFileAnd(...lines).replace('mode: manage', 'mode: attach'));

const groupArn = (name: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:autoscaling:\${AWS::Region}:\${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/${name}`,
});

const WEB = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';

describe('a deployment with a fleet whose machines are in groups of the user’s', () => {
  let statements: readonly RoleStatement[];
  beforeAll(async () => {
    statements = roleStatements(await theTemplate());
  }, PACKAGING_MS_MAX);

  const allowing = (service: string) =>
    statements
      .filter(({ actions }) => actions.some((action) => action.startsWith(`${service}:`)))
      .map(({ sid, actions, resources }) => ({ sid, actions, resources }));

  it('lets the reconcile, and nobody else, detach from the named group and tell it to go on', () => {
    expect(allowing('autoscaling')).toEqual([
      {
        sid: 'ReconcileRole/DetachFromNamedGroups',
        actions: ['autoscaling:DetachInstances'],
        resources: [groupArn('workers')],
      },
      {
        sid: 'ReconcileRole/LetNamedGroupsGoOn',
        actions: ['autoscaling:CompleteLifecycleAction'],
        resources: [groupArn('workers')],
      },
    ]);
  });

  it('lets it deregister from the named target group', () => {
    expect(allowing('elasticloadbalancing')).toEqual([
      {
        sid: 'ReconcileRole/DeregisterFromNamedTargetGroups',
        actions: ['elasticloadbalancing:DeregisterTargets'],
        resources: [WEB],
      },
    ]);
  });

  it('leaves the role’s own policy whole', () => {
    const sids = statements.filter(({ role }) => role === 'ReconcileRole').map(({ statement }) => statement.Sid);
    expect(sids).toContain('WriteOwnLog');
    expect(sids).toContain('EndOnlyOurs');
  });
});

describe('the permissions for groups', () => {
  it('are none where no fleet names one', () => {
    expect(groupPermissions(fleetsOf(SMALL_FILE))).toEqual({});
    expect(groupPermissions(attached())).toEqual({});
  });

  it('are none for a fleet that only observes', () => {
    const observed = smallFileAnd('attach: { autoScalingGroup: workers }').replace('mode: manage', 'mode: observe');
    expect(groupPermissions(fleetsOf(observed))).toEqual({});
  });

  it('are no more than what is named: a group without a hook is never told to go on', () => {
    const text = JSON.stringify(groupPermissions(attached('attach: { autoScalingGroup: workers }')));
    expect(text).toContain('autoscaling:DetachInstances');
    expect(text).not.toContain('CompleteLifecycleAction');
    expect(text).not.toContain('DeregisterTargets');
  });
});
