import type { MetadataView } from '../imds/metadata.ts';
import type { Machine } from '../machines/machine.ts';
import { subnetById } from './network.ts';
import { type Ec2State, privateIpOf } from './state.ts';

/** A machine as its own metadata service shows it now. */
export const metadataView = (
  state: Ec2State,
  machine: Machine,
  role: MetadataView['role'] | undefined,
): MetadataView => {
  const { launch, deadlineAt, rebalanceAt } = machine;
  return {
    instanceId: launch.instanceId,
    instanceType: launch.instanceType,
    imageId: launch.imageId,
    zone: launch.zone,
    zoneId: subnetById(state.network, launch.subnetId)?.zoneId ?? '',
    lifeCycle: launch.purchase,
    privateIp: privateIpOf(state, launch),
    launchedAt: launch.launchedAt,
    ...(role ? { role } : {}),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(rebalanceAt === undefined ? {} : { rebalanceAt }),
  };
};
