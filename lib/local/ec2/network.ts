/**
 * One VPC with its subnets and security groups. The built-in one has one group, and one subnet in each zone of the market.
 *
 * Not modelled: addresses, routes, free address counts, traffic. Every subnet always has room.
 */
export interface LocalSubnet {
  readonly subnetId: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidrBlock: string;
}

export interface LocalNetwork {
  readonly vpcId: string;
  readonly securityGroupIds: readonly string[];
  readonly subnets: readonly LocalSubnet[];
}

export const LOCAL_VPC_ID = 'vpc-0a10ca1c10d000001';
export const LOCAL_SECURITY_GROUP_ID = 'sg-0a10ca1c10d000001';
/** What `resolve:ssm:…` image parameters resolve to; nothing is ever booted from it. */
export const LOCAL_IMAGE_ID = 'ami-0a10ca1c10d000001';

/** The subnet of the n-th zone, counted from 0: a valid id that a template may name before anything runs. */
export const localSubnetId = (zoneIndex: number): string =>
  `subnet-0a10ca1c10d${(zoneIndex + 1).toString(16).padStart(6, '0')}`;

export const localNetwork = (zones: readonly string[]): LocalNetwork => ({
  vpcId: LOCAL_VPC_ID,
  securityGroupIds: [LOCAL_SECURITY_GROUP_ID],
  subnets: zones.map((zone, index) => ({
    subnetId: localSubnetId(index),
    zone,
    zoneId: `use1-az${index + 1}`,
    cidrBlock: `10.0.${index}.0/24`,
  })),
});

export const subnetById = (network: LocalNetwork, subnetId: string): LocalSubnet | undefined =>
  network.subnets.find((subnet) => subnet.subnetId === subnetId);

export const subnetOfZone = (network: LocalNetwork, zone: string): LocalSubnet | undefined =>
  network.subnets.find((subnet) => subnet.zone === zone);
