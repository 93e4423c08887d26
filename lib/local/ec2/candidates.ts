import type { Purchase } from '../../fleet/pool.ts';
import { poolName } from '../../market/market.ts';
import { callerArn } from '../iam/caller.ts';
import { AwsError, type Caller } from '../service.ts';
import type { Candidate, Refusal, Supply } from './allocate.ts';
import { launchChecks } from './authorise.ts';
import type { FleetOverride, FleetRequest } from './fleet-request.ts';
import {
  type LaunchSpecification,
  type LaunchTemplate,
  type LaunchTemplateVersion,
  launchSpecification,
  templateVersion,
} from './launch-templates.ts';
import { subnetById, subnetOfZone } from './network.ts';
import { type Ec2State, freeSpot, onDemandVcpuInUse } from './state.ts';

/** A configuration of the request with its template looked up. */
export interface ResolvedConfiguration {
  readonly template: LaunchTemplate;
  readonly version: LaunchTemplateVersion;
  readonly specification: LaunchSpecification;
  readonly overrides: readonly FleetOverride[];
}

const findTemplate = (state: Ec2State, idOrName: string): LaunchTemplate => {
  const template = state.templates.find(idOrName);
  if (template) return template;
  const code = idOrName.startsWith('lt-')
    ? 'InvalidLaunchTemplateId.NotFound'
    : 'InvalidLaunchTemplateName.NotFoundException';
  throw new AwsError(400, code, `The specified launch template, with template ID or name ${idOrName}, does not exist.`);
};

const refuseStopping = (template: LaunchTemplate, specification: LaunchSpecification): void => {
  if (specification.shutdownBehaviour === 'terminate') return;
  throw new AwsError(
    400,
    'UnsupportedOperation',
    `The local cloud does not model stopped machines. Set InstanceInitiatedShutdownBehavior of ${template.name} to terminate.`,
  );
};

export const resolveConfigurations = (state: Ec2State, request: FleetRequest): readonly ResolvedConfiguration[] =>
  request.configurations.map(({ template: idOrName, version: wanted, overrides }) => {
    const template = findTemplate(state, idOrName);
    const version = templateVersion(template, wanted);
    const specification = launchSpecification(version);
    refuseStopping(template, specification);
    return { template, version, specification, overrides };
  });

interface Place {
  readonly zone: string;
  readonly subnetId: string;
}

/** A subnet decides the zone; a zone has its default subnet; neither means every zone. */
const placesOf = (state: Ec2State, override: FleetOverride, specification: LaunchSpecification): readonly Place[] => {
  const subnetId = override.subnetId ?? (override.zone === undefined ? specification.subnetId : undefined);
  if (subnetId !== undefined) return [{ subnetId, zone: subnetById(state.network, subnetId)?.zone ?? '' }];
  if (override.zone === undefined) return state.network.subnets;
  return [{ zone: override.zone, subnetId: subnetOfZone(state.network, override.zone)?.subnetId ?? '' }];
};

const refused = (code: string, message: string): Refusal => ({ code, message });

/** A misspelt type and one that the zone does not have read the same in AWS. */
const configurationRefusal = (state: Ec2State, instanceType: string, place: Place): Refusal | undefined => {
  if (place.zone === '') {
    return refused('InvalidSubnetID.NotFound', `The subnet ID '${place.subnetId}' does not exist`);
  }
  const known = place.subnetId !== '' && state.market.type(instanceType) !== undefined;
  return known
    ? undefined
    : refused(
        'InvalidFleetConfiguration',
        `Your requested instance type (${instanceType}) is not supported in your requested Availability Zone (${place.zone}).`,
      );
};

const MICRO_USD = 1_000_000;

const priceRefusal = (override: FleetOverride, microUsdPerHour: number): Refusal | undefined => {
  if (override.maxPrice === undefined || Number(override.maxPrice) * MICRO_USD >= microUsdPerHour) return undefined;
  return refused(
    'SpotMaxPriceTooLow',
    `Your Spot request price of ${override.maxPrice} is lower than the minimum required Spot request fulfillment price of ` +
      `${(microUsdPerHour / MICRO_USD).toFixed(6)}.`,
  );
};

const noCapacity = (instanceType: string, zone: string): Refusal =>
  refused(
    'InsufficientInstanceCapacity',
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
      'Our system will be working on provisioning additional capacity.',
  );

const overLimit = (state: Ec2State): Refusal =>
  refused(
    'VcpuLimitExceeded',
    `You have requested more vCPU capacity than your current vCPU limit of ${state.onDemandLimitVcpu} allows for the ` +
      'instance bucket that the specified instance type belongs to.',
  );

interface Question {
  readonly state: Ec2State;
  readonly caller: Caller;
  readonly request: FleetRequest;
  readonly purchase: Purchase;
}

const permissionRefusal = (
  { state, caller, request, purchase }: Question,
  configuration: ResolvedConfiguration,
  instanceType: string,
  subnetId: string,
): Refusal | undefined => {
  const { template, specification } = configuration;
  const role = specification.instanceProfile && state.context.instanceProfileRole(specification.instanceProfile);
  const checks = launchChecks({
    template,
    specification,
    request,
    instanceType,
    subnetId,
    marketType: purchase,
    ...(role ? { roleArn: role.roleArn } : {}),
  });
  const missing = checks.find((check) => !state.context.isAllowed(caller, check));
  return missing === undefined
    ? undefined
    : refused(
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. User: ${callerArn(caller)} is not authorized to perform: ` +
          `${missing.action} on resource: ${missing.resource}`,
      );
};

interface Offer {
  readonly microUsdPerHour: number;
  readonly supply: Supply;
}

const offer = ({ state, purchase }: Question, instanceType: string, zone: string): Offer => {
  const pool = { instanceType, zone };
  if (purchase === 'spot') {
    const shortfall = noCapacity(instanceType, zone);
    return {
      microUsdPerHour: state.market.priceAt(pool, state.clock.now()),
      supply: { key: poolName(pool), free: freeSpot(state, pool), each: 1, shortfall },
    };
  }
  const type = state.market.type(instanceType)!;
  const free = state.onDemandLimitVcpu - onDemandVcpuInUse(state);
  return {
    microUsdPerHour: type.onDemandMicroUsdPerHour,
    supply: { key: 'on-demand', free, each: type.vcpu, shortfall: overLimit(state) },
  };
};

/** What stands for the offer of a pool that does not exist. */
const noOffer = (refusal: Refusal): Offer & { readonly refusal: Refusal } => ({
  microUsdPerHour: Number.MAX_SAFE_INTEGER,
  supply: { key: 'none', free: 0, each: 1, shortfall: refusal },
  refusal,
});

const candidateAt = (
  question: Question,
  configuration: ResolvedConfiguration,
  configurationIndex: number,
  override: FleetOverride,
  place: Place,
): Candidate => {
  const { state, purchase } = question;
  const instanceType = override.instanceType ?? configuration.specification.instanceType ?? '';
  const base = { override, configurationIndex, instanceType, zone: place.zone, subnetId: place.subnetId };
  const wrong = configurationRefusal(state, instanceType, place);
  if (wrong) return { ...base, ...noOffer(wrong) };
  const offered = offer(question, instanceType, place.zone);
  const refusal =
    permissionRefusal(question, configuration, instanceType, place.subnetId) ??
    (purchase === 'spot' ? priceRefusal(override, offered.microUsdPerHour) : undefined);
  return { ...base, ...offered, ...(refusal ? { refusal } : {}) };
};

/** Every pool that the request allows for one purchase option, with what it offers now. */
export const candidatesFor = (
  question: Question,
  configurations: readonly ResolvedConfiguration[],
): readonly Candidate[] =>
  configurations.flatMap((configuration, index) =>
    configuration.overrides.flatMap((override) =>
      placesOf(question.state, override, configuration.specification).map((place) =>
        candidateAt(question, configuration, index, override, place),
      ),
    ),
  );
