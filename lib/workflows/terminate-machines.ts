import type { InstanceId } from '../fleet/ids.ts';
import type { World } from './world.ts';

/** Ends machines that have rows of ours. Nothing is marked gone by this: only EC2's own word is (B21). */
export const terminateMachines = async (
  world: Pick<World, 'machines' | 'log' | 'metrics'>,
  instanceIds: readonly InstanceId[],
  reason: string,
): Promise<void> => {
  const outcome = await world.machines.terminate(instanceIds);
  world.metrics.count('InstancesEnded', outcome.ended.length);
  world.log.info('Asked EC2 to end machines.', {
    instanceIds,
    reason,
    notFound: outcome.notFound,
    refused: outcome.refused.map(({ instanceId, code }) => `${instanceId}:${code}`),
  });
};
