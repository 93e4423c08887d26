import { type MetadataService, startMetadataService } from '../imds/server.ts';
import { bootSpecification, drawBootDelayMs } from '../machines/boot.ts';
import type { Machine, MachineWorld } from '../machines/machine.ts';
import { createProcessHost, type ProcessSpecification } from '../machines/processes.ts';
import { roleTrusts } from '../permissions.ts';
import type { Caller, Credentials, LocalContext } from '../service.ts';
import type { Ec2Options } from './ec2-service.ts';
import { ec2Arn } from './identifiers.ts';
import { metadataView } from './metadata-view.ts';
import type { Ec2State } from './state.ts';

interface OpenMachine {
  readonly metadata: MetadataService;
  readonly credentials?: Credentials;
}

interface MachineRole {
  readonly roleName: string;
  readonly caller: Caller;
  readonly credentials: Credentials;
}

/** A machine gets its role's credentials only when the role lets EC2 assume it; without them its calls are refused, as in AWS. */
const assumeRole = (context: LocalContext, machine: Machine): MachineRole | undefined => {
  const { instanceId, instanceProfile } = machine.launch;
  const role = instanceProfile === undefined ? undefined : context.instanceProfileRole(instanceProfile);
  const instanceArn = ec2Arn('instance', instanceId);
  if (role === undefined || !roleTrusts(context, role.roleArn, 'ec2.amazonaws.com', instanceArn)) return undefined;
  const { roleName, roleArn } = role;
  const caller: Caller = { kind: 'role', roleName, roleArn, sessionName: instanceId, instanceArn };
  return { roleName, caller, credentials: context.credentials.issue(caller) };
};

const boot = (
  context: LocalContext,
  options: Ec2Options,
  machine: Machine,
  booted: { readonly metadataEndpoint: string; readonly role: MachineRole | undefined },
): Promise<ProcessSpecification> =>
  bootSpecification({
    instanceId: machine.launch.instanceId,
    userData: machine.launch.userData,
    endpoint: context.endpoint(),
    metadataEndpoint: booted.metadataEndpoint,
    timeFactor: context.timeFactor,
    timeOriginMs: context.timeOriginMs,
    projectFolder: options.projectFolder,
    stateFolder: context.stateFolder,
    fetchProgram: async (reference) => {
      if (booted.role === undefined)
        throw new Error('The machine has no role, so it may fetch neither agent nor task.');
      return options.fetchProgram(reference, booted.role.caller);
    },
  });

/** How machines boot and end: the metadata service and credentials of each, opened and closed with it. */
export const machineWorld = (context: LocalContext, options: Ec2Options, state: () => Ec2State): MachineWorld => {
  const open = new Map<string, OpenMachine>();
  return {
    clock: context.clock,
    recorder: context.recorder,
    processes: options.processes ?? createProcessHost(),
    putEvent: (event) => context.putEvent(event),
    bootDelayMs: (launch) => drawBootDelayMs(options.market.seed, launch.instanceId),
    prepare: async (machine) => {
      const role = assumeRole(context, machine);
      const metadata = await startMetadataService(() => metadataView(state(), machine, role), context.clock);
      open.set(machine.launch.instanceId, { metadata, ...(role ? { credentials: role.credentials } : {}) });
      return boot(context, options, machine, { metadataEndpoint: metadata.endpoint, role });
    },
    release: async (machine) => {
      const opened = open.get(machine.launch.instanceId);
      open.delete(machine.launch.instanceId);
      if (opened?.credentials) context.credentials.revoke(opened.credentials.accessKeyId);
      await opened?.metadata.close();
    },
  };
};
