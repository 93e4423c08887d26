import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatProblems, readFleetFile } from '../lib/config/fleet-file.ts';
import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import { serialiseFleets } from '../lib/config/serialise-fleets.ts';
import { buildAgent } from './build-agent.ts';
import { fleetResources, fleetResourcesVariable, logicalName, workQueueArn } from './fleet-resources.ts';

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

/** What `serverless.yml` reads of the fleet file: everything in the template that depends on which fleets there are. */
export const variables = async () => {
  const fleets = readFleets(resolve(process.env['SPOTHOP_FLEET_FILE'] ?? 'spothop.yml'));
  const managed = fleets.filter((fleet) => fleet.mode === 'manage');
  const senders = [...new Set(fleets.flatMap((fleet) => fleet.report.from ?? []))];
  const { path } = await buildAgent(resolve(AGENT_FOLDER));
  const agentSha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return {
    fleets: serialiseFleets(fleets),
    fleetResources: fleetResourcesVariable(fleets),
    resources: { Resources: fleetResources(fleets, agentSha256) },
    workQueueArns: fleets.map(workQueueArn),
    workAndWakeQueueArns: [...fleets.map(workQueueArn), { 'Fn::GetAtt': ['WakeQueue', 'Arn'] }],
    deadLetterQueueArns: fleets.map((fleet) => ({ 'Fn::GetAtt': [`${logicalName(fleet)}DeadLetterQueue`, 'Arn'] })),
    networkArns: orNothing(managed.flatMap(networkArns), 'ec2'),
    senderIdentityArns: orNothing(senders.flatMap(senderArns), 'ses'),
  };
};
