import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import type { FleetName } from '../lib/fleet/ids.ts';
import { QUEUE_RECEIVES_MAX } from '../lib/fleet/limits.ts';
import { FLEET_TAG, STACK_TAG } from '../lib/fleet/tags.ts';
import { agentEnvironment } from './agent-environment.ts';
import { userData } from './user-data.ts';

type Resource = Readonly<Record<string, unknown>>;
export type Resources = Readonly<Record<string, Resource>>;

/** SHA-256 of what machines fetch at their first boot, in hexadecimal: they run nothing else. */
export interface MachineFileDigests {
  readonly agent: string;
  /** Of fleets that run a task file. */
  readonly tasks: ReadonlyMap<FleetName, string>;
}

/** SQS keeps messages 14 days at most; the ledger keeps the task whatever the queue does. */
const RETENTION_SECONDS = 1_209_600;

const STACK_NAME = { 'Fn::Sub': '${AWS::StackName}' };

/** `nightly-scrape` becomes `NightlyScrape`, the beginning of the fleet's logical ids. */
export const logicalName = (fleet: FleetSpecification): string =>
  fleet.name.replaceAll(/(?:^|-)([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

const tags = (fleet: FleetSpecification) => [
  { Key: STACK_TAG, Value: STACK_NAME },
  { Key: FLEET_TAG, Value: fleet.name },
];

const queue = (fleet: FleetSpecification, extra: Resource): Resource => ({
  Type: 'AWS::SQS::Queue',
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    MessageRetentionPeriod: RETENTION_SECONDS,
    SqsManagedSseEnabled: true,
    Tags: tags(fleet),
    ...extra,
  },
});

const onlyTls = (queueId: string): Resource => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: queueId }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'OnlyTls',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: { 'Fn::GetAtt': [queueId, 'Arn'] },
          Condition: { Bool: { 'aws:SecureTransport': false } },
        },
      ],
    },
  },
});

const deadLetters = (fleet: FleetSpecification, name: string): Resources => ({
  [`${name}DeadLetterQueue`]: queue(fleet, {}),
  [`${name}DeadLetterQueuePolicy`]: onlyTls(`${name}DeadLetterQueue`),
});

/** The ledger decides what is dead, so the queue's own limit is far away (design section 3). */
const ownQueues = (fleet: FleetSpecification, name: string): Resources => ({
  ...deadLetters(fleet, name),
  [`${name}WorkQueuePolicy`]: onlyTls(`${name}WorkQueue`),
  [`${name}WorkQueue`]: queue(fleet, {
    VisibilityTimeout: fleet.queue.visibilitySeconds,
    ReceiveMessageWaitTimeSeconds: 20,
    RedrivePolicy: {
      deadLetterTargetArn: { 'Fn::GetAtt': [`${name}DeadLetterQueue`, 'Arn'] },
      maxReceiveCount: QUEUE_RECEIVES_MAX,
    },
  }),
});

/** The dead letters of a queue that is not ours still go to a queue that is. */
const queuesOf = (fleet: FleetSpecification, name: string): Resources =>
  fleet.queue.source.kind === 'own' ? ownQueues(fleet, name) : deadLetters(fleet, name);

const workQueueUrl = (fleet: FleetSpecification): string =>
  fleet.queue.source.kind === 'own' ? `\${${logicalName(fleet)}WorkQueue}` : fleet.queue.source.url;

export const workQueueArn = (fleet: FleetSpecification): unknown =>
  fleet.queue.source.kind === 'own'
    ? { 'Fn::GetAtt': [`${logicalName(fleet)}WorkQueue`, 'Arn'] }
    : fleet.queue.source.arn;

const BURSTABLE_TYPE = /^t\d/;

/**
 * T types run on credit and are billed for it unless told otherwise; any other type that is told is refused by EC2
 * (InstanceCreditSpecification.NotSupported), and one template serves all types of a fleet.
 */
const creditsOf = ({ instanceTypes }: FleetSpecification): Resource =>
  instanceTypes.every((type) => BURSTABLE_TYPE.test(type)) ? { CreditSpecification: { CpuCredits: 'standard' } } : {};

const launchTemplate = (fleet: FleetSpecification, name: string, digests: MachineFileDigests): Resource => {
  const environment = agentEnvironment(fleet, {
    work: workQueueUrl(fleet),
    deadLetters: `\${${name}DeadLetterQueue}`,
    agentSha256: digests.agent,
    taskSha256: digests.tasks.get(fleet.name),
  });
  return {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: {
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: tags(fleet) }],
      LaunchTemplateData: {
        // What a machine brings along is tagged from its first moment too; the machine itself is tagged by the launch.
        TagSpecifications: ['volume', 'network-interface'].map((kind) => ({ ResourceType: kind, Tags: tags(fleet) })),
        ImageId: `resolve:ssm:${fleet.image}`,
        IamInstanceProfile: { Arn: { 'Fn::GetAtt': ['InstanceProfile', 'Arn'] } },
        SecurityGroupIds: fleet.network.securityGroups,
        InstanceInitiatedShutdownBehavior: 'terminate',
        ...creditsOf(fleet),
        MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } },
        ],
        UserData: { 'Fn::Base64': { 'Fn::Sub': userData(fleet, environment) } },
      },
    },
  };
};

/** EventBridge Scheduler knows time zones and daylight saving (reliability B27). */
const reportSchedule = (fleet: FleetSpecification): Resource => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    ScheduleExpression: fleet.report.schedule,
    ScheduleExpressionTimezone: fleet.report.timeZone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: { 'Fn::GetAtt': ['ReportLambdaFunction', 'Arn'] },
      RoleArn: { 'Fn::GetAtt': ['SchedulerRole', 'Arn'] },
      Input: JSON.stringify({ fleet: fleet.name }),
      RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 3 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['UndeliveredQueue', 'Arn'] } },
    },
  },
});

/** A dead task is waiting for a person. */
const deadTasksAlarm = (name: string): Resource => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: 'A task failed as often as it may; its reason is in the dead-letter queue and in the ledger',
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [`${name}DeadLetterQueue`, 'QueueName'] } }],
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: 'AlarmsTopic' }],
  },
});

const resourcesOf = (fleet: FleetSpecification, digests: MachineFileDigests): Resources => {
  const name = logicalName(fleet);
  return {
    ...queuesOf(fleet, name),
    ...(fleet.mode === 'manage' ? { [`${name}LaunchTemplate`]: launchTemplate(fleet, name, digests) } : {}),
    [`${name}ReportSchedule`]: reportSchedule(fleet),
    [`${name}DeadTasksAlarm`]: deadTasksAlarm(name),
  };
};

/** What each fleet of the fleet file adds to the template. */
export const fleetResources = (fleets: readonly FleetSpecification[], digests: MachineFileDigests): Resources =>
  Object.assign({}, ...fleets.map((fleet) => resourcesOf(fleet, digests))) as Resources;

/** What the functions are told about those resources: one line of JSON for each function's environment. */
export const fleetResourcesVariable = (fleets: readonly FleetSpecification[]): unknown => {
  const entries = fleets.map((fleet) => {
    const name = logicalName(fleet);
    const template =
      fleet.mode === 'manage'
        ? `,"launchTemplateId":"\${${name}LaunchTemplate}","launchTemplateVersion":"\${${name}LaunchTemplate.LatestVersionNumber}"`
        : '';
    return `"${fleet.name}":{"queueUrl":"${workQueueUrl(fleet)}"${template}}`;
  });
  return { 'Fn::Sub': `{${entries.join(',')}}` };
};
