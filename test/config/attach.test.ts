import { describe, expect, it } from 'vitest';
import { formatProblems, readFleetFile } from '../../lib/config/fleet-file.ts';
import { fleetSettings } from '../../lib/config/fleet-settings.ts';
import { parseFleets } from '../../lib/config/parse-fleets.ts';
import { serialiseFleets } from '../../lib/config/serialise-fleets.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import { smallFileAnd } from './fleet-text.ts';

const TARGET_GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';

const attached = (...lines: readonly string[]): string =>
  smallFileAnd(...lines).replace('mode: manage', 'mode: attach');

const problemsOf = (text: string): string => {
  const result = readFleetFile(text);
  return result.ok ? '' : formatProblems('spothop.yml', result.problems);
};

const settingsOf = (text: string) => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(formatProblems('spothop.yml', result.problems));
  const again = parseFleets(serialiseFleets(result.fleets));
  expect(again).toEqual(result.fleets);
  return fleetSettings(again, { jobs: { queueUrl: 'http://queue' } }, 'spothop-test').get(fleetName('jobs'))!;
};

describe('the groups of a fleet file', () => {
  it('reach the functions as they were written', () => {
    const text = attached(
      'attach:',
      '  autoScalingGroup: workers',
      '  lifecycleHook: spothop',
      `  targetGroups: [${TARGET_GROUP}]`,
    );
    expect(settingsOf(text).groups).toEqual({
      autoScalingGroup: 'workers',
      lifecycleHook: 'spothop',
      targetGroups: [TARGET_GROUP],
      isSupervised: false,
    });
  });

  it('are none unless one is named, so that nobody is ever asked', () => {
    expect(settingsOf(attached()).groups).toBeUndefined();
    expect(settingsOf(attached('attach: {}')).groups).toBeUndefined();
  });

  it('may stand in a fleet in observe, which plans by them', () => {
    const text = attached('attach: { autoScalingGroup: workers }').replace('mode: attach', 'mode: observe');
    expect(settingsOf(text).groups).toMatchObject({ autoScalingGroup: 'workers' });
  });

  it('know a supervised program, which holds no task of ours', () => {
    const text = attached('attach: { autoScalingGroup: workers }').replace('command:', 'supervise:');
    expect(settingsOf(text).groups).toMatchObject({ isSupervised: true });
  });

  it('have no place in a fleet that launches its own machines', () => {
    expect(problemsOf(smallFileAnd('attach: { autoScalingGroup: workers }'))).toContain(
      'fleets.jobs.attach: stands in a fleet that launches its own machines, which are in no group; fix: write mode: attach, or remove it',
    );
  });

  it('have a hook only beside its group', () => {
    expect(problemsOf(attached('attach: { lifecycleHook: spothop }'))).toContain(
      'attach.lifecycleHook: is the hook of no group',
    );
  });

  it('are of the Region of the zones, and each is named once', () => {
    const elsewhere = TARGET_GROUP.replace('us-east-1', 'eu-west-1');
    expect(problemsOf(attached(`attach: { targetGroups: [${elsewhere}] }`))).toContain(
      'is in eu-west-1, not in us-east-1 as the zones are',
    );
    expect(problemsOf(attached(`attach: { targetGroups: [${TARGET_GROUP}, ${TARGET_GROUP}] }`))).toContain(
      'is listed twice',
    );
  });

  it.each(['"*"', 'work?rs', 'a:b', '"${AWS::Region}"', '""', '12'])(
    'named %s are refused: a name becomes part of a role’s policy',
    (name) => {
      expect(problemsOf(attached(`attach: { autoScalingGroup: ${name} }`))).toContain(
        'must be the name of an Auto Scaling group',
      );
    },
  );

  it('do not take a load balancer, or a wildcard, for a target group', () => {
    const balancer = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef';
    for (const arn of [balancer, TARGET_GROUP.replace('web', '*')]) {
      expect(problemsOf(attached(`attach: { targetGroups: ["${arn}"] }`))).toContain("must be a target group's ARN");
    }
  });
});
