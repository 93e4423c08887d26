import type { RefusalClass } from '../ports/machines.ts';

/**
 * EC2's codes by what to do about them (reliability B19; https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
 * The table is closed: a code that is not in it is `unknown`, which stops the pool and raises an alarm.
 */
const CODES: Readonly<Record<Exclude<RefusalClass, 'unknown'>, readonly string[]>> = {
  capacity: [
    'InsufficientInstanceCapacity',
    'InsufficientCapacity',
    'InsufficientHostCapacity',
    'InsufficientReservedInstanceCapacity',
    'UnfulfillableCapacity',
    // The type is not offered in that zone, among other things: this pool has nothing, others may.
    'Unsupported',
  ],
  price: ['SpotMaxPriceTooLow'],
  quota: [
    'MaxSpotInstanceCountExceeded',
    'MaxSpotFleetRequestCountExceeded',
    'VcpuLimitExceeded',
    'InstanceLimitExceeded',
    'MaxFleetCountExceeded',
    'VolumeLimitExceeded',
  ],
  network: ['InsufficientFreeAddressesInSubnet', 'InsufficientAddressCapacity'],
  throttle: ['RequestLimitExceeded', 'EC2ThrottledException', 'Throttling', 'ThrottlingException'],
  eventual: [
    'InvalidInstanceID.NotFound',
    'InvalidGroup.NotFound',
    'InternalError',
    'InternalFailure',
    'ServiceUnavailable',
    'Unavailable',
  ],
  configuration: [
    'InvalidFleetConfiguration',
    'InvalidFleetConfig',
    'InvalidLaunchTemplateId.NotFound',
    'InvalidLaunchTemplateName.NotFoundException',
    'InvalidLaunchTemplateId.VersionNotFound',
    'InvalidAMIID.NotFound',
    'InvalidAMIID.Unavailable',
    'InvalidSubnetID.NotFound',
    'InvalidSubnet',
    'InvalidKeyPair.NotFound',
    'InvalidBlockDeviceMapping',
    'InvalidParameter',
    'InvalidParameterValue',
    'InvalidParameterCombination',
    'MissingParameter',
    'UnknownParameter',
  ],
  authorisation: [
    'UnauthorizedOperation',
    'AccessDenied',
    'SsmAccessDenied',
    'AuthFailure',
    'OptInRequired',
    'Blocked',
    'PendingVerification',
    'ExpiredToken',
    'RequestExpired',
    'InvalidClientTokenId',
    'SignatureDoesNotMatch',
  ],
};

const CLASS_OF = new Map(
  Object.entries(CODES).flatMap(([refusal, codes]) => codes.map((code) => [code, refusal as RefusalClass])),
);

/** `AuthFailure.…` is a family; every other code is looked up whole. */
export const refusalClassOf = (code: string): RefusalClass =>
  code.startsWith('AuthFailure.') ? 'authorisation' : (CLASS_OF.get(code) ?? 'unknown');
