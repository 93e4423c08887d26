import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateFleetCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ec2Arn } from '../../lib/local/ec2/identifiers.ts';
import { statementsOf } from '../../lib/local/iam/evaluate.ts';
import { LOCAL_REGION } from '../../lib/local/service.ts';
import {
  allowedBy,
  logicalRole,
  type RecordedQuestion,
  recordedQuestions,
  without,
  withoutAction,
} from './support/questions.ts';
import { runScenario, type Scenario } from './support/scenario.ts';

/** One deployment and one eventful run, which every test below reads. Wall-clock time, on a busy machine. */
const SCENARIO_MS_MAX = 240_000;

let scenario: Scenario;
let questions: readonly RecordedQuestion[];
let roles: ReadonlyMap<string, string>;

beforeAll(async () => {
  scenario = await runScenario();
  questions = recordedQuestions(scenario.lines);
  roles = new Map(questions.map(({ roleName }) => [logicalRole(roleName), roleName]));
}, SCENARIO_MS_MAX);
afterAll(() => scenario?.close(), 60_000);

const policiesOf = (role: string) => scenario.cloud.context.rolePolicies(roles.get(role)!);

const sidsOf = (role: string): string[] =>
  policiesOf(role).flatMap((document) => statementsOf(document).map((statement) => statement.Sid ?? ''));

/** Statements that no run in the local cloud can need, and why. */
const ASKED_BY_AWS_ALONE: Readonly<Record<string, string>> = {
  'SignalsRole/WriteOwnLog': "Lambda writes a function's log itself; the local cloud keeps logs as files",
  'ReconcileRole/WriteOwnLog': "Lambda writes a function's log itself; the local cloud keeps logs as files",
  'ReportRole/WriteOwnLog': "Lambda writes a function's log itself; the local cloud keeps logs as files",
  'PricesRole/WriteOwnLog': "Lambda writes a function's log itself; the local cloud keeps logs as files",
  'ReconcileRole/ReadImageParameters': 'EC2 reads the parameter of the image as the caller of CreateFleet',
  'ReconcileRole/AskForSpotMachines': 'EC2 checks the request behind a spot machine; the local cloud makes none',
  'InstanceRole/TellMissingFromForbidden': 'S3 answers 403 for a missing object to whoever may not list the bucket',
  'SchedulerRole/KeepWhatCouldNotBeStarted': 'the scheduler uses it when Lambda takes no invocations at all',
};

/** Actions that this run does not need, though another will, and why. */
const NOT_SEEN_IN_THIS_RUN: Readonly<Record<string, string>> = {
  'InstanceRole/OwnItemOnly dynamodb:GetItem':
    'the item is read after a write that was refused, which is a matter of luck',
  'InstanceRole/WorkOnTheQueues sqs:SendMessage':
    'a task is sent again near the receives that its queue allows, near twelve hours, and after an agent that died',
  'ReconcileRole/LaunchFromImages ec2:CreateFleet': 'EC2 names images among what CreateFleet may be limited to',
  'ReconcileRole/LaunchFromOurTemplates ec2:CreateFleet': 'EC2 names launch templates there too',
  'ReconcileRole/LaunchIntoTheFleetsNetwork ec2:CreateFleet': 'EC2 names subnets and security groups there too',
  'ReconcileRole/LookAtMachines ec2:DescribeFleets':
    'an intent whose answer was lost is recognised by the token of its fleet',
  'ReportRole/MailFromTheFleetsSenders ses:SendEmail':
    'the call is SendEmail; SES checks SendRawEmail for a whole message',
  'SignalsRole/ReadSignals sqs:ChangeMessageVisibility':
    'a signal that could not be handled is shown again after a second',
};

describe('the run that the policies are checked by', () => {
  it('had a warning, a death, on-demand machines, a task that failed for good, and a report', () => {
    const { tally, lines } = scenario;
    const purchases = [...tally.machines.values()].map(({ purchase }) => purchase);
    expect(purchases).toContain('spot');
    expect(purchases).toContain('on-demand');
    expect(tally.warned).toBeGreaterThan(0);
    expect(tally.unwarned).toBeGreaterThan(0);
    const states = [...tally.tasks.values()].map(({ status }) => status);
    expect(states.filter((status) => status === 'dead')).toHaveLength(1);
    expect(states.filter((status) => status === 'done')).toHaveLength(26);
    expect(lines.some(({ kind }) => kind === 'mail')).toBe(true);
  });
});

describe('the policies are enough', () => {
  it('no call of any role was refused', () => {
    const refused = scenario.lines.filter((line) => line['denied'] === true || line['allowed'] === false);
    expect(refused).toEqual([]);
    expect(scenario.cloud.iamDenied()).toBe(0);
  });

  it('six roles were asked for something', () => {
    expect([...roles.keys()].toSorted()).toEqual([
      'InstanceRole',
      'PricesRole',
      'ReconcileRole',
      'ReportRole',
      'SchedulerRole',
      'SignalsRole',
    ]);
  });

  it('asked again, with nothing but the record at hand, they still allow everything', () => {
    const { context } = scenario.cloud;
    expect(questions.filter((asked) => !allowedBy(context.rolePolicies(asked.roleName), asked, context))).toEqual([]);
  });
});

describe('the policies are no more than enough', () => {
  const needlessStatements = (role: string): string[] => {
    const { context } = scenario.cloud;
    const asked = questions.filter(({ roleName }) => roleName === roles.get(role));
    return sidsOf(role).filter((sid) => {
      const rest = without(policiesOf(role), sid);
      return asked.every((question) => allowedBy(rest, question, context));
    });
  };

  it.each(['InstanceRole', 'PricesRole', 'ReconcileRole', 'ReportRole', 'SchedulerRole', 'SignalsRole'])(
    'without any one statement of %s, some call of the run would have been refused',
    (role) => {
      const listed = Object.keys(ASKED_BY_AWS_ALONE)
        .filter((sid) => sid.startsWith(`${role}/`))
        .map((sid) => sid.slice(role.length + 1));
      expect(needlessStatements(role).toSorted()).toEqual(listed.toSorted());
    },
  );
});

describe('each action of each statement', () => {
  const isNeeded = (role: string, sid: string, action: string): boolean => {
    const { context } = scenario.cloud;
    const rest = withoutAction(policiesOf(role), sid, action);
    return questions
      .filter(({ roleName }) => roleName === roles.get(role))
      .some((question) => !allowedBy(rest, question, context));
  };

  const actionsOf = (role: string): string[] =>
    policiesOf(role)
      .flatMap(statementsOf)
      .flatMap(({ Sid: sid, Action: actions = [] }) => [actions].flat().map((action) => `${role}/${sid} ${action}`));

  it('was needed by some call of the run, or is listed with its reason', () => {
    const needless = [...roles.keys()].flatMap(actionsOf).filter((one) => {
      const [, role = '', sid = '', action = ''] = /^(\w+)\/(\w+) (.+)$/.exec(one) ?? [];
      return (
        !(`${role}/${sid}` in ASKED_BY_AWS_ALONE) && !(one in NOT_SEEN_IN_THIS_RUN) && !isNeeded(role, sid, action)
      );
    });
    expect(needless).toEqual([]);
  });

  it('that is listed is still in a policy', () => {
    const all = [...roles.keys()].flatMap(actionsOf);
    expect(Object.keys(NOT_SEEN_IN_THIS_RUN).filter((one) => !all.includes(one))).toEqual([]);
  });
});

describe('what a role cannot do, asked over HTTP', () => {
  const clientSettings = (role: string, session: string) => {
    const { cloud } = scenario;
    const roleName = roles.get(role)!;
    const { roleArn } = cloud.context.role(roleName)!;
    const instanceArn = ec2Arn('instance', session);
    const caller = { kind: 'role', roleName, roleArn, sessionName: session } as const;
    const credentials = cloud.context.credentials.issue(role === 'InstanceRole' ? { ...caller, instanceArn } : caller);
    return { endpoint: cloud.endpoint, region: LOCAL_REGION, credentials, maxAttempts: 1 };
  };

  const aMachine = (nth: number): string => [...scenario.tally.machines.keys()][nth]!;
  const table = (name: string): string => scenario.outputs[`${name}TableName`]!;

  it('the signals role cannot end a machine', async () => {
    const ec2 = new EC2Client(clientSettings('SignalsRole', 'test'));
    const call = ec2.send(new TerminateInstancesCommand({ InstanceIds: [aMachine(0)] }));
    await expect(call).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });

  it('the signals role cannot launch a machine', async () => {
    const ec2 = new EC2Client(clientSettings('SignalsRole', 'test'));
    const { launchTemplateId, launchTemplateVersion } = JSON.parse(scenario.outputs['FleetResources']!).varied;
    const LaunchTemplateSpecification = { LaunchTemplateId: launchTemplateId, Version: launchTemplateVersion };
    const call = ec2.send(
      new CreateFleetCommand({
        Type: 'instant',
        LaunchTemplateConfigs: [{ LaunchTemplateSpecification }],
        TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
      }),
    );
    await expect(call).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });

  it("a machine can read its own row, and cannot read or change another machine's", async () => {
    const dynamo = new DynamoDBClient(clientSettings('InstanceRole', aMachine(0)));
    const TableName = table('Instances');
    const keyOf = (machine: string) => ({ instanceArn: { S: ec2Arn('instance', machine) } });
    const own = await dynamo.send(new GetItemCommand({ TableName, Key: keyOf(aMachine(0)) }));
    expect(own.Item?.['instanceArn']).toEqual({ S: ec2Arn('instance', aMachine(0)) });
    const refusal = { name: 'AccessDeniedException' };
    const Key = keyOf(aMachine(1));
    await expect(dynamo.send(new GetItemCommand({ TableName, Key }))).rejects.toMatchObject(refusal);
    const change = {
      UpdateExpression: 'SET #heartbeat = :now',
      ExpressionAttributeNames: { '#heartbeat': 'heartbeatAt' },
      ExpressionAttributeValues: { ':now': { N: '1' } },
    };
    await expect(dynamo.send(new UpdateItemCommand({ TableName, Key, ...change }))).rejects.toMatchObject(refusal);
  });

  it("a machine's role without a machine reads no row at all", async () => {
    const settings = clientSettings('InstanceRole', 'nobody');
    const { roleArn } = scenario.cloud.context.role(roles.get('InstanceRole')!)!;
    const credentials = scenario.cloud.context.credentials.issue({
      kind: 'role',
      roleName: roles.get('InstanceRole')!,
      roleArn,
      sessionName: aMachine(0),
    });
    const dynamo = new DynamoDBClient({ ...settings, credentials });
    const Key = { instanceArn: { S: ec2Arn('instance', aMachine(0)) } };
    const call = dynamo.send(new GetItemCommand({ TableName: table('Instances'), Key }));
    await expect(call).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('a machine can wake its fleet and send its tasks again, and cannot send to the signals queue', async () => {
    const sqs = new SQSClient({ ...clientSettings('InstanceRole', aMachine(0)), useQueueUrlAsEndpoint: false });
    const send = (QueueUrl: string) =>
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"fleet":"varied"}' }));
    expect((await send(scenario.outputs['WakeQueueUrl']!)).MessageId).toBeDefined();
    const work: string = JSON.parse(scenario.outputs['FleetResources']!).varied.queueUrl;
    expect((await send(work)).MessageId).toBeDefined();
    const signals = scenario.lines.find(
      (line) => line.kind === 'queue-send' && String(line['sourceArn']).includes('rule/'),
    );
    const { queue } = signals!['parameters'] as { queue: string };
    expect(queue).toContain('SignalsQueue');
    const refusal = { name: expect.stringMatching(/AccessDenied/) };
    await expect(send(`${scenario.cloud.endpoint}/000000000000/${queue}`)).rejects.toMatchObject(refusal);
  });

  it('the report role cannot write a task', async () => {
    const dynamo = new DynamoDBClient(clientSettings('ReportRole', 'test'));
    const put = new PutItemCommand({ TableName: table('Tasks'), Item: { taskId: { S: 'forged' } } });
    await expect(dynamo.send(put)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('the prices role can keep prices, and cannot write what a fleet is', async () => {
    const dynamo = new DynamoDBClient(clientSettings('PricesRole', 'test'));
    const put = (fleet: string, part: string) =>
      dynamo.send(new PutItemCommand({ TableName: table('Fleets'), Item: { fleet: { S: fleet }, part: { S: part } } }));
    await expect(put('varied', 'head')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(put('~prices/another', 'board')).resolves.toBeDefined();
  });

  it('the reconcile role cannot end a machine that does not carry our tag', () => {
    const { context } = scenario.cloud;
    const end = questions.find(({ action }) => action === 'ec2:TerminateInstances')!;
    const policies = context.rolePolicies(end.roleName);
    expect(allowedBy(policies, end, context)).toBe(true);
    const stranger = { ...end, context: { ...end.context, 'aws:ResourceTag/spothop:stack': 'another' } };
    expect(allowedBy(policies, stranger, context)).toBe(false);
  });
});
