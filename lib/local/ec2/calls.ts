import { type AuthorisationCheck, AwsError, type Caller, type LocalResponse } from '../service.ts';
import { createFleetChecks, describeChecks, terminateChecks } from './authorise.ts';
import { createFleet } from './create-fleet.ts';
import { describeFleets } from './describe-fleets.ts';
import { describeAvailabilityZones, describeSecurityGroups, describeSubnets } from './describe-network.ts';
import { describeSpotPriceHistory } from './describe-prices.ts';
import { describeLaunchTemplateVersions } from './describe-templates.ts';
import { parseFleetRequest } from './fleet-request.ts';
import { describeInstances, terminateInstances } from './instances.ts';
import { getSpotPlacementScores } from './placement-scores.ts';
import type { Query } from './query.ts';
import type { Ec2State } from './state.ts';

/** One call of the EC2 API: the permissions it needs, what of it is recorded, and its answer. */
interface Ec2Call {
  checks(state: Ec2State, query: Query): readonly AuthorisationCheck[];
  parameters(query: Query): Readonly<Record<string, unknown>>;
  answer(state: Ec2State, query: Query, caller: Caller): LocalResponse;
}

const describeCall = (action: string, answer: Ec2Call['answer']): readonly [string, Ec2Call] => [
  action,
  {
    checks: () => describeChecks(action),
    parameters: (query) => ({ ids: [...query.texts('InstanceId'), ...query.texts('FleetId')] }),
    answer,
  },
];

const createFleetCall: Ec2Call = {
  checks: (_state, query) => createFleetChecks(parseFleetRequest(query)),
  parameters: (query) => {
    const { clientToken, wanted, configurations } = parseFleetRequest(query);
    return { clientToken, wanted, overrides: configurations.reduce((sum, one) => sum + one.overrides.length, 0) };
  },
  answer: createFleet,
};

const terminateCall: Ec2Call = {
  checks: (state, query) =>
    terminateChecks(
      query
        .texts('InstanceId')
        .map((instanceId) => ({ instanceId, tags: state.machines.get(instanceId)?.launch.tags ?? {} })),
    ),
  parameters: (query) => ({ instanceIds: query.texts('InstanceId') }),
  answer: terminateInstances,
};

const CALLS: ReadonlyMap<string, Ec2Call> = new Map([
  ['CreateFleet', createFleetCall],
  ['TerminateInstances', terminateCall],
  describeCall('DescribeInstances', describeInstances),
  describeCall('DescribeFleets', describeFleets),
  describeCall('DescribeSpotPriceHistory', describeSpotPriceHistory),
  describeCall('GetSpotPlacementScores', getSpotPlacementScores),
  describeCall('DescribeLaunchTemplateVersions', describeLaunchTemplateVersions),
  describeCall('DescribeSubnets', describeSubnets),
  describeCall('DescribeSecurityGroups', describeSecurityGroups),
  describeCall('DescribeAvailabilityZones', describeAvailabilityZones),
]);

export const callNamed = (action: string): Ec2Call => {
  const call = CALLS.get(action);
  if (call) return call;
  throw new AwsError(
    400,
    'InvalidAction',
    `The action ${action} is not valid for this web service. The local cloud models ${[...CALLS.keys()].join(', ')}.`,
  );
};
