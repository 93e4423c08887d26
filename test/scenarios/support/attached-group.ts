import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachInstancesCommand,
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, CreateStackCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CreateFleetCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { deployService, LOCAL_STAGE } from '../../../lib/cli/start/deploy-service.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { fleetName, type InstanceId, instanceId, taskId } from '../../../lib/fleet/ids.ts';
import { addMs } from '../../../lib/fleet/time.ts';
import { BY_HAND_SERVICE } from '../../../lib/local/ec2/by-hand.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../../lib/local/ec2/network.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../../lib/local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../../lib/local/whole-cloud.ts';
import { draw } from '../../../lib/market/draw.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { type DeployedService, deployedService } from '../../../lib/wiring-cli.ts';
import { submitTasks } from '../../../lib/workflows/submit-tasks.ts';
import { copyProject } from '../../support/packaged-service.ts';

/** Service time runs this much faster than the wall clock. */
const TIME_FACTOR = 10;
const SEED = 7;
const FLEET = fleetName('attached');
const STACK = `spothop-${LOCAL_STAGE}`;
const GROUP = 'workers';
const HOOK = 'spothop';

/** How long a machine that the group ends may go on, in seconds of service time: a minute of the wall clock. */
const WINDOW_SECONDS = 600;

/** A task works until its gate is opened: how fast this machine is decides nothing. */
const WORK = 'read -r gate; until [ -e "$gate" ]; do sleep 0.1; done; echo "{}"';

/** Service time in milliseconds that any one thing may take. */
const PATIENCE_MS = 1_500_000;

/** The owner of an Auto Scaling group and a target group, who gives Spothop the machines to look after. */
export interface Owner {
  readonly cloud: WholeCloud;
  readonly service: DeployedService;
  /** Machines with an agent, in both groups; with the fleet's tags unless they are none of its business. */
  launch(count: number, tagged: boolean): Promise<readonly InstanceId[]>;
  group(): Promise<{ readonly desired: number; readonly members: readonly InstanceId[] }>;
  targets(): Promise<readonly InstanceId[]>;
  endByGroup(id: InstanceId): Promise<void>;
  warn(id: InstanceId): Promise<void>;
  /** A task that works until it is let through. */
  submit(name: string): Promise<void>;
  letThrough(name: string): void;
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

const openCloud = (folder: string, project: string) => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs });
  let drawn = 0;
  const market = exampleMarket(SEED, clock.now(), { restlessness: 0 });
  return startWholeCloud({
    clock,
    timeFactor: TIME_FACTOR,
    timeOriginMs: originMs,
    stateFolder: folder,
    random: () => draw(SEED, 'names', drawn++),
    market,
    network: localNetwork(market.zones),
    projectFolder: project,
  });
};

const writeFleetFile = (folder: string, targetGroup: string): string => {
  const market = exampleMarket(SEED, addMs(wallClock().now(), 0));
  const fleet = {
    mode: 'attach',
    instanceTypes: market.types.map((type) => type.instanceType),
    zones: market.zones,
    capacity: { max: 3 },
    worker: { command: WORK },
    drain: { windowSeconds: WINDOW_SECONDS },
    attach: { autoScalingGroup: GROUP, lifecycleHook: HOOK, targetGroups: [targetGroup] },
  };
  const path = join(folder, 'spothop.yml');
  writeFileSync(path, JSON.stringify({ version: 1, fleets: { [FLEET]: fleet } }));
  return path;
};

/** What docs/machines.md asks of somebody who starts the agent on machines of his own, as one launch template. */
const ownTemplate = (outputs: Readonly<Record<string, string>>, profile: string, agent: string): string => {
  const { queueUrl } = JSON.parse(outputs['FleetResources']!)[FLEET] as { queueUrl: string };
  const { deadLetterQueueUrl } = JSON.parse(outputs['FleetTasks']!)[FLEET] as { deadLetterQueueUrl: string };
  const environment = {
    SPOTHOP_FLEET: FLEET,
    SPOTHOP_ACCOUNT: LOCAL_ACCOUNT,
    AWS_REGION: LOCAL_REGION,
    SPOTHOP_INSTANCES_TABLE: outputs['InstancesTableName'],
    SPOTHOP_TASKS_TABLE: outputs['TasksTableName'],
    SPOTHOP_CONTENT_BUCKET: outputs['ContentBucketName'],
    SPOTHOP_WAKE_QUEUE_URL: outputs['WakeQueueUrl'],
    SPOTHOP_QUEUE_URL: queueUrl,
    SPOTHOP_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    SPOTHOP_EXEC: WORK,
    SPOTHOP_DRAIN_WINDOW_SECONDS: String(WINDOW_SECONDS),
    SPOTHOP_AGENT_FUNCTION: `${STACK}-agent`,
    SPOTHOP_AGENT_SHA256: createHash('sha256').update(readFileSync(agent)).digest('hex'),
  };
  const block = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const script = ['#!/bin/bash', '# spothop-environment begin', ...block, '# spothop-environment end'];
  // Their machines are theirs to end.
  const userData = [...script, 'SuccessAction=none', ''].join('\n');
  const data = {
    ImageId: 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    IamInstanceProfile: { Name: profile },
    SecurityGroupIds: [LOCAL_SECURITY_GROUP_ID],
    InstanceInitiatedShutdownBehavior: 'terminate',
    UserData: Buffer.from(userData).toString('base64'),
  };
  const Theirs = {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: { LaunchTemplateName: 'theirs', LaunchTemplateData: data },
  };
  return JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Resources: { Theirs } });
};

const clientsOf = ({ endpoint, rootCredentials }: WholeCloud) => {
  const settings = { endpoint, region: LOCAL_REGION, credentials: { ...rootCredentials } };
  return {
    autoScaling: new AutoScalingClient(settings),
    loadBalancing: new ElasticLoadBalancingV2Client(settings),
    ec2: new EC2Client(settings),
    stacks: new CloudFormationClient(settings),
  };
};

type Clients = ReturnType<typeof clientsOf>;

const makeTargetGroup = async ({ loadBalancing }: Clients): Promise<string> => {
  const { TargetGroups } = await loadBalancing.send(new CreateTargetGroupCommand({ Name: 'web', Port: 80 }));
  return TargetGroups![0]!.TargetGroupArn!;
};

const makeGroup = async ({ autoScaling }: Clients): Promise<void> => {
  const named = { AutoScalingGroupName: GROUP };
  await autoScaling.send(new CreateAutoScalingGroupCommand({ ...named, MinSize: 0, MaxSize: 10 }));
  const LifecycleTransition = 'autoscaling:EC2_INSTANCE_TERMINATING';
  await autoScaling.send(new PutLifecycleHookCommand({ ...named, LifecycleHookName: HOOK, LifecycleTransition }));
};

const profileOf = async ({ stacks }: Clients): Promise<string> => {
  const { StackResourceSummaries = [] } = await stacks.send(new ListStackResourcesCommand({ StackName: STACK }));
  return StackResourceSummaries.find(({ LogicalResourceId }) => LogicalResourceId === 'InstanceProfile')!
    .PhysicalResourceId!;
};

const tagsOf = (tagged: boolean) => (tagged ? { 'spothop:stack': STACK, 'spothop:fleet': FLEET } : { team: 'theirs' });

const launchMachines = async ({ ec2 }: Clients, count: number, tagged: boolean): Promise<readonly InstanceId[]> => {
  const market = exampleMarket(SEED, wallClock().now());
  const [{ subnetId: SubnetId } = expectSubnet()] = localNetwork(market.zones).subnets;
  const overrides = market.types.map(({ instanceType }) => ({ SubnetId, InstanceType: instanceType as never }));
  const Tags = Object.entries(tagsOf(tagged)).map(([Key, Value]) => ({ Key, Value }));
  const { Instances = [] } = await ec2.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateName: 'theirs', Version: '$Latest' },
          Overrides: overrides,
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'spot' },
      SpotOptions: { AllocationStrategy: 'capacity-optimized' },
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  return Instances.flatMap(({ InstanceIds = [] }) => InstanceIds.map((id) => instanceId(id)));
};

const expectSubnet = (): never => {
  throw new Error('The local network has no subnet.');
};

/** The market's hand: see lib/local/ec2/by-hand.ts. */
const interruptByHand = async ({ endpoint, rootCredentials }: WholeCloud, id: InstanceId): Promise<void> => {
  const scope = `${rootCredentials.accessKeyId}/20260101/${LOCAL_REGION}/${BY_HAND_SERVICE}/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
    body: JSON.stringify({ how: 'notice', instanceIds: [id] }),
  });
  if (!response.ok) throw new Error(`The interruption was refused: ${await response.text()}`);
};

const ownerOf = (
  cloud: WholeCloud,
  clients: Clients,
  service: DeployedService,
  targetGroup: string,
  gates: string,
): Omit<Owner, 'close'> => {
  const { autoScaling, loadBalancing } = clients;
  const gateOf = (name: string): string => join(gates, name);
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const { clock } = cloud.context;
    const giveUpAt = addMs(clock.now(), PATIENCE_MS);
    while (!(await holds())) {
      if (clock.now() > giveUpAt) throw new Error(`${what} has not happened in time.`);
      await clock.sleep(1_000);
    }
  };
  const isRunning = (id: InstanceId): boolean =>
    cloud.machines.runningMachines().some((machine) => machine.instanceId === id && machine.state === 'running');
  return {
    cloud,
    service,
    until,
    launch: async (count, tagged) => {
      const ids = await launchMachines(clients, count, tagged);
      await until('The start of the machines', () => ids.every(isRunning));
      await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName: GROUP, InstanceIds: [...ids] }));
      const Targets = ids.map((Id) => ({ Id }));
      await loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroup, Targets }));
      return ids;
    },
    group: async () => {
      const { AutoScalingGroups = [] } = await autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GROUP] }),
      );
      const [found] = AutoScalingGroups;
      const members = (found?.Instances ?? []).map(({ InstanceId: id }) => instanceId(id!));
      return { desired: found?.DesiredCapacity ?? 0, members };
    },
    targets: async () => {
      const asked = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup });
      const { TargetHealthDescriptions = [] } = await loadBalancing.send(asked);
      return TargetHealthDescriptions.map(({ Target }) => instanceId(Target!.Id!));
    },
    endByGroup: async (id) => {
      const asked = { InstanceId: id, ShouldDecrementDesiredCapacity: true };
      await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(asked));
    },
    warn: (id) => interruptByHand(cloud, id),
    submit: async (name) => {
      const tasks = [{ taskId: taskId(name), body: gateOf(name) }];
      await submitTasks({ ...service, queue: service.queue(FLEET) }, FLEET, tasks);
    },
    letThrough: (name) => writeFileSync(gateOf(name), ''),
  };
};

/** Deploys the service beside groups of somebody's, with a fleet file that names them. */
export const startAttachedGroup = async (): Promise<Owner> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-attached-'));
  const project = copyProject(folder);
  const cloud = await openCloud(join(folder, 'cloud'), project);
  const clients = clientsOf(cloud);
  const close = async (): Promise<void> => {
    for (const client of Object.values(clients)) client.destroy();
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const targetGroup = await makeTargetGroup(clients);
    await makeGroup(clients);
    const environment = cloud.environmentToExport();
    Object.assign(process.env, environment);
    await deployService({
      projectFolder: project,
      fleetFile: writeFleetFile(folder, targetGroup),
      environment,
      logFile: join(folder, 'deploy.log'),
      signal: new AbortController().signal,
    });
    const outputs = cloud.stackOutputs(STACK) ?? {};
    const agent = join(project, '.build', 'agent', 'agent.mjs');
    const TemplateBody = ownTemplate(outputs, await profileOf(clients), agent);
    await clients.stacks.send(new CreateStackCommand({ StackName: 'theirs', TemplateBody }));
    const service = deployedService(process.env, outputs, { account: LOCAL_ACCOUNT, region: LOCAL_REGION });
    const gates = join(folder, 'gates');
    mkdirSync(gates);
    return { ...ownerOf(cloud, clients, service, targetGroup, gates), close };
  } catch (error) {
    await close();
    throw error;
  }
};
