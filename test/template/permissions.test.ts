import { beforeAll, describe, expect, it } from 'vitest';
import {
  PACKAGING_MS_MAX,
  type Properties,
  type RoleStatement,
  resourcesOf,
  roleStatements,
  type Template,
  targetOf,
  theTemplate,
} from './support/template.ts';

let template: Template;
let statements: readonly RoleStatement[];
beforeAll(async () => {
  template = await theTemplate();
  statements = roleStatements(template);
}, PACKAGING_MS_MAX);

const allowing = (action: string, role?: string): readonly RoleStatement[] =>
  statements.filter((found) => found.actions.includes(action) && (role === undefined || found.role === role));

const sids = (found: readonly RoleStatement[]): string[] => found.map(({ sid }) => sid).toSorted();

const conditionOf = ({ statement }: RoleStatement, operator: string): Properties =>
  (statement.Condition?.[operator] ?? {}) as Properties;

const OUR_STACK = 'spothop-test';

describe('roles', () => {
  it('have their whole policy in the template: nothing is attached from elsewhere', () => {
    const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::User', 'AWS::IAM::Group'];
    expect(attached.flatMap((type) => resourcesOf(template, type))).toEqual([]);
    const managed = resourcesOf(template, 'AWS::IAM::Role').filter(([, role]) => role['ManagedPolicyArns']);
    expect(managed.map(([id]) => id)).toEqual([]);
  });

  it('have statements with a name each, all of which allow', () => {
    expect(statements.filter(({ statement }) => !statement.Sid || statement.Effect !== 'Allow')).toEqual([]);
    expect(new Set(sids(statements)).size).toBe(statements.length);
  });

  it('allow actions by their full names: never a wildcard, never everything but', () => {
    expect(sids(statements.filter(({ actions }) => actions.some((action) => action.includes('*'))))).toEqual([]);
    expect(sids(statements.filter(({ statement }) => 'NotAction' in statement || 'NotResource' in statement))).toEqual(
      [],
    );
  });

  it('reach every resource only with actions that AWS cannot limit to resources', () => {
    const unlimited = statements.filter(({ resources }) => resources.includes('*'));
    expect([...new Set(unlimited.flatMap(({ actions }) => actions))].toSorted()).toEqual([
      'ec2:DescribeAvailabilityZones',
      'ec2:DescribeFleets',
      'ec2:DescribeInstances',
      'ec2:DescribeSpotPriceHistory',
      'ec2:GetSpotPlacementScores',
      'pricing:GetProducts',
    ]);
  });

  it('that compare the values of a key also demand that there is one: otherwise an absent key is let through', () => {
    const wrong = statements.filter(({ statement }) =>
      Object.entries(statement.Condition ?? {})
        .filter(([operator]) => operator.startsWith('ForAllValues:'))
        .flatMap(([, keys]) => Object.keys(keys))
        .some((key) => statement.Condition?.['Null']?.[key] !== false),
    );
    expect(sids(wrong)).toEqual([]);
  });
});

describe('launching and ending machines', () => {
  const MIGHTY = ['ec2:CreateFleet', 'ec2:RunInstances', 'ec2:CreateTags', 'ec2:TerminateInstances', 'iam:PassRole'];

  it('is for the reconcile function alone', () => {
    expect([...new Set(MIGHTY.flatMap((action) => allowing(action).map(({ role }) => role)))]).toEqual([
      'ReconcileRole',
    ]);
  });

  it('happens only from our templates, into the networks of the fleet file, and with our tag', () => {
    const launching = allowing('ec2:RunInstances');
    const byName = Object.fromEntries(launching.map((found) => [found.statement.Sid, found]));
    expect(Object.keys(byName).toSorted()).toEqual([
      'AskForSpotMachines',
      'LaunchFromImages',
      'LaunchFromOurTemplates',
      'LaunchIntoTheFleetsNetwork',
      'LaunchOnlyWithOurTag',
    ]);
    expect(conditionOf(byName['LaunchFromOurTemplates']!, 'StringEquals')).toEqual({
      'aws:ResourceTag/spothop:stack': OUR_STACK,
    });
    expect(conditionOf(byName['LaunchOnlyWithOurTag']!, 'StringEquals')).toEqual({
      'aws:RequestTag/spothop:stack': OUR_STACK,
    });
    // A template for spot and on demand cannot tag the spot request: EC2 would refuse it on demand.
    expect(JSON.stringify(byName['LaunchOnlyWithOurTag']!.resources)).not.toContain('spot-instances-request');
    expect(JSON.stringify(byName['AskForSpotMachines']!.resources)).toContain('spot-instances-request/*');
    const network = JSON.stringify(byName['LaunchIntoTheFleetsNetwork']!.resources);
    expect(new Set(network.match(/(?:subnet|security-group)\/[\w-]+/g))).toEqual(
      new Set([
        'subnet/subnet-0a1b2c3d4e5f60718',
        'subnet/subnet-0b2c3d4e5f6071829',
        'subnet/subnet-0d4e5f60718293a4b',
        'security-group/sg-0c3d4e5f60718293a',
        'security-group/sg-0e5f60718293a4b5c',
      ]),
    );
  });

  it('tags only what is being created: otherwise a stranger could be tagged as ours and then ended', () => {
    const tagging = allowing('ec2:CreateTags');
    expect(sids(tagging)).toEqual(['ReconcileRole/TagOnlyWhatIsBeingCreated']);
    expect(conditionOf(tagging[0]!, 'StringEquals')).toEqual({
      'aws:RequestTag/spothop:stack': OUR_STACK,
      'ec2:CreateAction': ['CreateFleet', 'RunInstances'],
    });
  });

  it('ends only machines that carry our tag', () => {
    const ending = allowing('ec2:TerminateInstances');
    expect(sids(ending)).toEqual(['ReconcileRole/EndOnlyOurs']);
    expect(conditionOf(ending[0]!, 'StringEquals')).toEqual({ 'aws:ResourceTag/spothop:stack': OUR_STACK });
  });

  it("passes one role, the machines', and to EC2 alone", () => {
    const passing = allowing('iam:PassRole');
    expect(passing.map(({ resources }) => resources.map(targetOf))).toEqual([['InstanceRole']]);
    expect(conditionOf(passing[0]!, 'StringEquals')).toEqual({ 'iam:PassedToService': 'ec2.amazonaws.com' });
  });
});

describe("a machine's role", () => {
  const actionsOn = (action: string): unknown[] =>
    allowing(action, 'InstanceRole').flatMap(({ resources }) => resources);

  it('touches of the instances table only the row of its own machine', () => {
    const own = statements.filter(
      ({ role, resources }) => role === 'InstanceRole' && resources.some((one) => targetOf(one) === 'InstancesTable'),
    );
    expect(sids(own)).toEqual(['InstanceRole/OwnItemOnly']);
    expect(own[0]?.actions.toSorted()).toEqual(['dynamodb:GetItem', 'dynamodb:UpdateItem']);
    expect(own[0]?.statement.Condition).toEqual({
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['${ec2:SourceInstanceARN}'] },
      Null: { 'dynamodb:LeadingKeys': false },
    });
  });

  it('sends to the wake queue and to the queues of the fleets, and to nothing else', () => {
    const queues = actionsOn('sqs:SendMessage').map((one) => targetOf(one) ?? one);
    expect(queues.toSorted()).toEqual([
      'AttachedDeadLetterQueue',
      'AttachedWorkQueue',
      'FlowsDeadLetterQueue',
      'FlowsWorkQueue',
      'IndexDeadLetterQueue',
      'IndexWorkQueue',
      'NightlyEncodeDeadLetterQueue',
      'WakeQueue',
      'WatchedDeadLetterQueue',
      'WatchedWorkQueue',
      'arn:aws:sqs:us-east-1:123456789012:films',
    ]);
  });

  it('receives from work queues only', () => {
    const queues = actionsOn('sqs:ReceiveMessage').map((one) => targetOf(one) ?? one);
    expect(queues.toSorted()).toEqual([
      'AttachedWorkQueue',
      'FlowsWorkQueue',
      'IndexWorkQueue',
      'WatchedWorkQueue',
      'arn:aws:sqs:us-east-1:123456789012:films',
    ]);
  });

  it('has no right in EC2, IAM or the ledger of money, and starts only the function that gives it agent and task', () => {
    const own = statements.filter(({ role }) => role === 'InstanceRole');
    const services = new Set(own.flatMap(({ actions }) => actions.map((action) => action.split(':')[0])));
    expect([...services].toSorted()).toEqual(['dynamodb', 'lambda', 's3', 'sqs']);
    const reached = own.flatMap(({ resources }) => resources.map(targetOf));
    expect(reached).not.toContain('LedgerTable');
    expect(reached).not.toContain('FleetsTable');
    expect(actionsOn('lambda:InvokeFunction').map(targetOf)).toEqual(['AgentLambdaFunction']);
  });

  it('cannot delete a row', () => {
    expect(allowing('dynamodb:DeleteItem').map(({ role }) => role)).toEqual(['ReconcileRole']);
  });
});

describe('mail', () => {
  it('is sent by the report function, from the senders of the fleet file', () => {
    const sending = allowing('ses:SendEmail');
    expect(sids(sending)).toEqual(['ReportRole/MailFromTheFleetsSenders']);
    // Verified by itself or with its whole domain: SES asks for the one that is.
    const resources = JSON.stringify(sending[0]?.resources);
    expect(resources).toMatch(/:identity\/spothop@example\.com"/);
    expect(resources).toMatch(/:identity\/example\.com"/);
    expect(sending[0]?.resources).toHaveLength(2);
  });
});

describe('the key of the alarms topic', () => {
  it('may be used by the account, and by CloudWatch for this account', () => {
    const [[, key] = []] = resourcesOf(template, 'AWS::KMS::Key');
    const principals = key?.['KeyPolicy'].Statement.map((statement: Properties) => [
      Object.keys(statement['Principal'])[0],
      statement['Condition'],
    ]);
    expect(principals).toEqual([
      ['AWS', undefined],
      ['Service', { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }],
    ]);
    expect(key?.['EnableKeyRotation']).toBe(true);
  });
});
