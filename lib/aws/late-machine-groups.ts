import type { MachineGroups } from '../ports/machine-groups.ts';
import { clientSettings } from './clients.ts';

const load = async (): Promise<MachineGroups> => {
  const [{ AutoScalingClient }, { ElasticLoadBalancingV2Client }, { awsMachineGroups }] = await Promise.all([
    import('@aws-sdk/client-auto-scaling'),
    import('@aws-sdk/client-elastic-load-balancing-v2'),
    import('./machine-groups.ts'),
  ]);
  const settings = clientSettings('signal');
  return awsMachineGroups({
    autoScaling: new AutoScalingClient(settings),
    loadBalancing: new ElasticLoadBalancingV2Client(settings),
  });
};

/** The same groups with their clients loaded at the first call: most fleets name no group, and never make one. */
export const lateMachineGroups = (): MachineGroups => {
  let loading: Promise<MachineGroups> | undefined;
  const loaded = (): Promise<MachineGroups> => {
    loading ??= load();
    return loading;
  };
  return {
    detach: async (group, ids) => (await loaded()).detach(group, ids),
    deregister: async (arn, ids) => (await loaded()).deregister(arn, ids),
    completeLifecycle: async (completion) => (await loaded()).completeLifecycle(completion),
  };
};
