import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  type CreateFleetCommandOutput,
  type EC2Client,
  type FleetLaunchTemplateOverrides,
  type FleetLaunchTemplateOverridesRequest,
  type LaunchTemplateAndOverridesResponse,
} from '@aws-sdk/client-ec2';
import { ec2FleetId, instanceId } from '../fleet/ids.ts';
import type { Pool, Purchase } from '../fleet/pool.ts';
import { FLEET_TAG, INTENT_TAG, STACK_TAG } from '../fleet/tags.ts';
import type { LaunchAnswer, LaunchedMachine, LaunchRefusal, LaunchRequest } from '../ports/machines.ts';
import { refusalClassOf } from './ec2-refusals.ts';
import { awsErrorAttempts, awsErrorCode, awsErrorMessage, classifyAwsError } from './errors.ts';

/** Everything an instance is made of carries the tags from its first moment: the machine, its disks and the request. */
const TAGGED = ['instance', 'volume', 'fleet'] as const;

const onePurchase = ({ pools }: LaunchRequest): Purchase => {
  const [purchase, ...others] = new Set(pools.map(({ pool }) => pool.purchase));
  if (purchase !== undefined && others.length === 0) return purchase;
  throw new Error('A launch names at least one pool, and all of its pools are bought alike: spot or on demand.');
};

/** The zone says nothing the subnet does not; EC2 repeats it in its errors, where it saves a look-up. */
const overridesOf = ({ pools }: LaunchRequest): FleetLaunchTemplateOverridesRequest[] =>
  pools.map(({ pool, subnetId, priority }) => ({
    InstanceType: pool.instanceType as NonNullable<FleetLaunchTemplateOverridesRequest['InstanceType']>,
    SubnetId: subnetId,
    AvailabilityZone: pool.zone,
    Priority: priority,
  }));

/**
 * The CreateFleet input, fixed once. `instant` answers at once with what came and what did not, and keeps nothing
 * running on our behalf (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html).
 */
export const serialiseLaunch = (request: LaunchRequest, stackTag: string): string => {
  const purchase = onePurchase(request);
  const tags = {
    ...request.tags,
    [STACK_TAG]: stackTag,
    [FLEET_TAG]: request.fleet,
    [INTENT_TAG]: request.intentId,
  };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const input: CreateFleetCommandInput = {
    Type: 'instant',
    ClientToken: request.token,
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: request.launchTemplateId,
          Version: request.launchTemplateVersion,
        },
        Overrides: overridesOf(request),
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: request.count, DefaultTargetCapacityType: purchase },
    SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
    OnDemandOptions: { AllocationStrategy: 'lowest-price' },
    TagSpecifications: TAGGED.map((ResourceType) => ({ ResourceType, Tags })),
  };
  return JSON.stringify(input);
};

const askedOverrides = (input: CreateFleetCommandInput): readonly FleetLaunchTemplateOverridesRequest[] =>
  (input.LaunchTemplateConfigs ?? []).flatMap((config) => config.Overrides ?? []);

/** EC2 names the place by what we sent, or at least by the type. */
const askedPool = (input: CreateFleetCommandInput, told: FleetLaunchTemplateOverrides, instanceType?: string) => {
  const type = instanceType ?? told.InstanceType;
  const ofType = askedOverrides(input).filter((asked) => asked.InstanceType === type);
  return ofType.find((asked) => asked.SubnetId === told.SubnetId);
};

interface Told {
  readonly LaunchTemplateAndOverrides?: LaunchTemplateAndOverridesResponse | undefined;
  readonly Lifecycle?: string | undefined;
  readonly InstanceType?: string | undefined;
}

const poolOf = (input: CreateFleetCommandInput, told: Told): Pool | undefined => {
  const overrides = told.LaunchTemplateAndOverrides?.Overrides ?? {};
  const asked = askedPool(input, overrides, told.InstanceType);
  const instanceType = told.InstanceType ?? overrides.InstanceType;
  const zone = overrides.AvailabilityZone ?? asked?.AvailabilityZone;
  if (instanceType === undefined || zone === undefined) return undefined;
  const purchase = told.Lifecycle ?? input.TargetCapacitySpecification?.DefaultTargetCapacityType;
  return { instanceType, zone, purchase: purchase === 'spot' ? 'spot' : 'on-demand' };
};

/** A machine without a place in the answer is a machine all the same: it is counted under the first place asked for. */
const firstAsked = (input: CreateFleetCommandInput): Pool => {
  const [asked] = askedOverrides(input);
  const purchase = input.TargetCapacitySpecification?.DefaultTargetCapacityType === 'spot' ? 'spot' : 'on-demand';
  return { instanceType: asked?.InstanceType ?? '', zone: asked?.AvailabilityZone ?? '', purchase };
};

const machinesOf = (input: CreateFleetCommandInput, output: CreateFleetCommandOutput): LaunchedMachine[] =>
  (output.Instances ?? []).flatMap((group) => {
    const pool = poolOf(input, group) ?? firstAsked(input);
    return (group.InstanceIds ?? []).map((id) => ({ instanceId: instanceId(id), pool }));
  });

const refusalsOf = (input: CreateFleetCommandInput, output: CreateFleetCommandOutput): LaunchRefusal[] =>
  (output.Errors ?? []).map((error) => {
    const pool = poolOf(input, error);
    const code = error.ErrorCode ?? 'UnknownError';
    return { class: refusalClassOf(code), code, message: error.ErrorMessage ?? '', ...(pool ? { pool } : {}) };
  });

/**
 * A thrown refusal is an answer only when the request was sent once. After a retry an earlier sending may have launched
 * unseen, and a throttled, failed or mismatched request says nothing about that either: the token settles it.
 */
const thrownAnswer = (error: unknown): LaunchAnswer => {
  const code = awsErrorCode(error);
  const message = awsErrorMessage(error);
  const errorClass = classifyAwsError(error);
  const isRefusal = errorClass === 'authorisation' || (error as { $metadata?: unknown }).$metadata !== undefined;
  const isUnsettled =
    ['network', 'server', 'throttle'].includes(errorClass) ||
    code === 'IdempotentParameterMismatch' ||
    awsErrorAttempts(error) > 1;
  if (isUnsettled) return { answered: false, code, message };
  if (!isRefusal) throw error;
  const refusal = errorClass === 'authorisation' ? 'authorisation' : refusalClassOf(code);
  return { answered: true, ec2FleetId: undefined, machines: [], refusals: [{ class: refusal, code, message }] };
};

/** Sends exactly the serialised input and sorts the answer. Both lists may be filled at once (B18). */
export const sendLaunch = async (client: EC2Client, serialisedRequest: string): Promise<LaunchAnswer> => {
  const input = JSON.parse(serialisedRequest) as CreateFleetCommandInput;
  try {
    const output = await client.send(new CreateFleetCommand(input));
    return {
      answered: true,
      ec2FleetId: output.FleetId === undefined ? undefined : ec2FleetId(output.FleetId),
      machines: machinesOf(input, output),
      refusals: refusalsOf(input, output),
    };
  } catch (error) {
    return thrownAnswer(error);
  }
};
