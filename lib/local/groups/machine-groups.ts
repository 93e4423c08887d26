/** The groups that hold machines, beside the EC2 that runs them. What they leave out stands in their own files. */
import type { Ec2Part } from '../ec2/ec2-service.ts';
import type { LocalContext, LocalPart } from '../service.ts';
import { autoScalingService } from './auto-scaling-service.ts';
import { loadBalancingService } from './load-balancing-service.ts';

/** A UUID in form; the numbers come from the cloud's own randomness, so that a run can be repeated. */
const uuidsFrom = (random: () => number) => (): string => {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

export const machineGroups = (
  context: LocalContext,
  ec2: Pick<Ec2Part, 'machine'>,
  random: () => number,
): LocalPart => {
  const newUuid = uuidsFrom(random);
  const { clock, signal, putEvent } = context;
  return {
    services: [
      autoScalingService({ clock, signal, putEvent, newUuid, machine: ec2.machine }),
      loadBalancingService({ newUuid, isKnown: (instanceId) => ec2.machine(instanceId) !== undefined }),
    ],
    providers: [],
  };
};
