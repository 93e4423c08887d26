import { regionOf } from './build-specification.ts';
import { errorAt } from './problem.ts';
import { knownIn, type Rule, repeatedIn } from './rule.ts';

/** Machines that we launch are in no group of the user's, and are replaced by us. */
const onlyWhereOthersLaunch: Rule = ({ mode }, isWritten) =>
  mode === 'manage' && isWritten('attach')
    ? [
        errorAt(
          ['attach'],
          'stands in a fleet that launches its own machines, which are in no group',
          'write mode: attach, or remove it',
        ),
      ]
    : [];

const hookOfAGroup: Rule = (_fleet, isWritten) =>
  isWritten('attach', 'lifecycleHook') && !isWritten('attach', 'autoScalingGroup')
    ? [
        errorAt(
          ['attach', 'lifecycleHook'],
          'is the hook of no group',
          'write the autoScalingGroup that it belongs to beside it',
        ),
      ]
    : [];

const targetGroupsOnce: Rule = ({ attach }) => repeatedIn(['attach', 'targetGroups'], attach?.targetGroups);

const regionOfArn = (arn: string): string => arn.split(':')[3] ?? '';

const targetGroupsInRegion: Rule = ({ attach, zones }) => {
  const [zone] = knownIn(zones);
  if (zone === undefined) return [];
  return (attach?.targetGroups ?? []).flatMap((arn, index) =>
    arn === undefined || regionOfArn(arn) === regionOf(zone)
      ? []
      : [
          errorAt(
            ['attach', 'targetGroups', index],
            `is in ${regionOfArn(arn)}, not in ${regionOf(zone)} as the zones are`,
            'name target groups of the Region of the zones',
          ),
        ],
  );
};

export const attachRules: readonly Rule[] = [
  onlyWhereOthersLaunch,
  hookOfAGroup,
  targetGroupsOnce,
  targetGroupsInRegion,
];
