import { LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';
import { describing, notFound } from './describing.ts';
import { ec2Arn } from './identifiers.ts';
import { xmlAnswer } from './xml.ts';

/** The elements with the ids asked for, or all; an unknown id is an error of the given code. */
const byIds = <Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  ids: readonly string[],
  code: string,
): readonly Item[] => {
  const unknown = ids.find((id) => !items.some((item) => idOf(item) === id));
  if (unknown !== undefined) throw notFound(code, 'ID', unknown);
  return ids.length === 0 ? items : items.filter((item) => ids.includes(idOf(item)));
};

export const describeSubnets = describing(['SubnetId.N', 'MaxResults', 'NextToken'], (state, query) => {
  const subnets = byIds(
    state.network.subnets,
    (one) => one.subnetId,
    query.texts('SubnetId'),
    'InvalidSubnetID.NotFound',
  );
  return xmlAnswer('DescribeSubnets', state.identifiers.request(), {
    subnetSet: subnets.map((subnet) => ({
      subnetId: subnet.subnetId,
      subnetArn: ec2Arn('subnet', subnet.subnetId),
      state: 'available',
      ownerId: LOCAL_ACCOUNT,
      vpcId: state.network.vpcId,
      cidrBlock: subnet.cidrBlock,
      availableIpAddressCount: 251,
      availabilityZone: subnet.zone,
      availabilityZoneId: subnet.zoneId,
      defaultForAz: true,
      mapPublicIpOnLaunch: true,
      tagSet: [],
    })),
    nextToken: '',
  });
});

export const describeSecurityGroups = describing(['GroupId.N', 'MaxResults', 'NextToken'], (state, query) => {
  const groups = byIds(state.network.securityGroupIds, (id) => id, query.texts('GroupId'), 'InvalidGroup.NotFound');
  return xmlAnswer('DescribeSecurityGroups', state.identifiers.request(), {
    securityGroupInfo: groups.map((groupId) => ({
      ownerId: LOCAL_ACCOUNT,
      groupId,
      groupName: 'default',
      groupDescription: 'default VPC security group',
      vpcId: state.network.vpcId,
      ipPermissions: [],
      ipPermissionsEgress: [{ ipProtocol: '-1', ipRanges: [{ cidrIp: '0.0.0.0/0' }] }],
    })),
    nextToken: '',
  });
});

export const describeAvailabilityZones = describing(['ZoneName.N', 'AllAvailabilityZones'], (state, query) => {
  const zones = byIds(state.network.subnets, (one) => one.zone, query.texts('ZoneName'), 'InvalidParameterValue');
  return xmlAnswer('DescribeAvailabilityZones', state.identifiers.request(), {
    availabilityZoneInfo: zones.map((subnet) => ({
      zoneName: subnet.zone,
      zoneId: subnet.zoneId,
      zoneState: 'available',
      regionName: LOCAL_REGION,
      optInStatus: 'opt-in-not-required',
      zoneType: 'availability-zone',
    })),
  });
});
