import { type InstanceId, isInstanceId } from '../fleet/ids.ts';
import { watchPauseMs } from './watch.ts';
import type { AgentPorts } from './world.ts';

/** What the machine knows of itself. */
export interface MachineIdentity {
  readonly instanceId: InstanceId;
  readonly isSpot: boolean;
  readonly zone: string | undefined;
  readonly region: string | undefined;
}

const readIdentity = async ({ imds }: Pick<AgentPorts, 'imds'>): Promise<MachineIdentity | undefined> => {
  const instanceId = await imds.read('instance-id');
  const lifeCycle = await imds.read('instance-life-cycle');
  const zone = await imds.read('placement/availability-zone');
  const region = await imds.read('placement/region');
  // Anything but plain on-demand may be taken back, and is watched.
  return isInstanceId(instanceId) ? { instanceId, isSpot: lifeCycle !== 'on-demand', zone, region } : undefined;
};

/** Asks until the metadata service tells who we are: without a name an agent can do nothing at all. */
export const awaitIdentity = async (
  ports: Pick<AgentPorts, 'imds' | 'clock' | 'log'>,
  stop: AbortSignal,
): Promise<MachineIdentity | undefined> => {
  for (let failures = 1; !stop.aborted; failures += 1) {
    try {
      const identity = await readIdentity(ports);
      if (identity !== undefined) return identity;
      ports.log.error('the metadata service gives no instance id', {});
    } catch (error) {
      if (failures === 1) ports.log.warn('the metadata service does not answer', { error: String(error) });
    }
    await ports.clock.sleep(watchPauseMs(failures), stop);
  }
  return undefined;
};
