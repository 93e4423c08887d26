import { expect, test } from 'vitest';
import { refusalClassOf } from '../../lib/aws/ec2-refusals.ts';
import type { RefusalClass } from '../../lib/ports/machines.ts';

/** Row B19 of the semantics, by hand. */
const EXPECTED: readonly (readonly [string, RefusalClass])[] = [
  ['InsufficientInstanceCapacity', 'capacity'],
  ['UnfulfillableCapacity', 'capacity'],
  ['InsufficientHostCapacity', 'capacity'],
  ['InsufficientReservedInstanceCapacity', 'capacity'],
  ['Unsupported', 'capacity'],
  ['SpotMaxPriceTooLow', 'price'],
  ['MaxSpotInstanceCountExceeded', 'quota'],
  ['VcpuLimitExceeded', 'quota'],
  ['InstanceLimitExceeded', 'quota'],
  ['MaxFleetCountExceeded', 'quota'],
  ['InsufficientFreeAddressesInSubnet', 'network'],
  ['RequestLimitExceeded', 'throttle'],
  ['EC2ThrottledException', 'throttle'],
  ['InvalidInstanceID.NotFound', 'eventual'],
  ['InvalidGroup.NotFound', 'eventual'],
  ['InvalidFleetConfiguration', 'configuration'],
  ['UnauthorizedOperation', 'authorisation'],
  ['SsmAccessDenied', 'authorisation'],
  ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 'authorisation'],
  ['ACodeThatIsNotInTheTable', 'unknown'],
];

test.each(EXPECTED)('%s is of the class %s', (code, expected) => {
  expect(refusalClassOf(code)).toBe(expected);
});
