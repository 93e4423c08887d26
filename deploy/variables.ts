import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatProblems, readFleetFile } from '../lib/config/fleet-file.ts';
import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import { serialiseFleets } from '../lib/config/serialise-fleets.ts';
import { buildAgent } from './build-agent.ts';
import { bundleTasks, type TaskBundles } from './bundle-tasks.ts';
import { fleetPoolsVariable } from './fleet-pools.ts';
import {
  fleetResources,
  fleetResourcesVariable,
  logicalName,
  type MachineFileDigests,
  workQueueArn,
} from './fleet-resources.ts';
import { fleetTasksVariable } from './fleet-tasks.ts';
import { groupPermissions } from './group-permissions.ts';

/** `functions/agent.ts` answers what lies here: `agent.mjs`, and `tasks/FLEET.mjs`. */
const AGENT_FOLDER = '.build/agent';

const readFleets = (path: string): readonly FleetSpecification[] => {
  const result = readFleetFile(readFileSync(path, 'utf8'));
  if (!result.ok) throw new Error(`\n${formatProblems(path, result.problems)}\nNothing was deployed.`);
  return result.fleets;
};

const localArn = (service: string, resource: string): unknown => ({
  'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`,
});

/** The subnets and security groups that machines may be launched into: those of the fleet file, and no others. */
const networkArns = ({ network }: FleetSpecification): unknown[] => [
  ...Object.values(network.subnets).map((subnet) => localArn('ec2', `subnet/${subnet}`)),
  ...network.securityGroups.map((group) => localArn('ec2', `security-group/${group}`)),
];

/** A sender is verified by itself or with its whole domain; SES asks for the one that is. */
const senderArns = (address: string): unknown[] =>
  [address, address.slice(address.indexOf('@') + 1)].map((identity) => localArn('ses', `identity/${identity}`));

/** IAM refuses a statement without resources; this one matches nothing. */
const orNothing = (arns: readonly unknown[], service: string): readonly unknown[] =>
  arns.length > 0 ? arns : [localArn(service, 'none')];

const writeTasks = (folder: string, tasks: TaskBundles): void => {
  mkdirSync(folder, { recursive: true });
  for (const [fleet, { text }] of tasks) writeFileSync(join(folder, `${fleet}.mjs`), text);
};

/** Makes the files that machines fetch, and answers their digests. Nothing is written when a task cannot be shipped. */
const makeMachineFiles = async (
  fleets: readonly FleetSpecification[],
  fleetFile: string,
): Promise<MachineFileDigests> => {
  const tasks = await bundleTasks(fleets, { fleetFile, deployFolder: '.' });
  const { path } = await buildAgent(resolve(AGENT_FOLDER));
  writeTasks(resolve(AGENT_FOLDER, 'tasks'), tasks);
  return {
    agent: createHash('sha256').update(readFileSync(path)).digest('hex'),
    tasks: new Map([...tasks].map(([fleet, { sha256 }]) => [fleet, sha256])),
  };
};

/** What `serverless.yml` reads of the fleet file: everything in the template that depends on which fleets there are. */
export const variables = async () => {
  const fleetFile = resolve(process.env['SPOTHOP_FLEET_FILE'] ?? 'spothop.yml');
  const fleets = readFleets(fleetFile);
  const managed = fleets.filter((fleet) => fleet.mode === 'manage');
  const senders = [...new Set(fleets.flatMap((fleet) => fleet.report.from ?? []))];
  const digests = await makeMachineFiles(fleets, fleetFile);
  return {
    fleets: serialiseFleets(fleets),
    fleetResources: fleetResourcesVariable(fleets),
    fleetTasks: fleetTasksVariable(fleets),
    fleetPools: fleetPoolsVariable(fleets),
    // CloudFormation compares texts.
    hasWindows: fleets.some((fleet) => fleet.windowHours !== undefined) ? 'yes' : 'no',
    resources: { Resources: { ...fleetResources(fleets, digests), ...groupPermissions(fleets) } },
    workQueueArns: fleets.map(workQueueArn),
    workAndWakeQueueArns: [...fleets.map(workQueueArn), { 'Fn::GetAtt': ['WakeQueue', 'Arn'] }],
    deadLetterQueueArns: fleets.map((fleet) => ({ 'Fn::GetAtt': [`${logicalName(fleet)}DeadLetterQueue`, 'Arn'] })),
    networkArns: orNothing(managed.flatMap(networkArns), 'ec2'),
    senderIdentityArns: orNothing(senders.flatMap(senderArns), 'ses'),
  };
};
