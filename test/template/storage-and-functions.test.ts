import { beforeAll, describe, expect, it } from 'vitest';
import {
  breaking,
  PACKAGING_MS_MAX,
  type Properties,
  propertiesOf,
  resourcesOf,
  type Template,
  targetOf,
  theTemplate,
} from './support/template.ts';

let template: Template;
beforeAll(async () => {
  template = await theTemplate();
}, PACKAGING_MS_MAX);

const isRetained = (id: string): boolean => {
  const { DeletionPolicy: deletion, UpdateReplacePolicy: replacement } = template.Resources[id]!;
  return deletion === 'Retain' && replacement === 'Retain';
};

describe('tables', () => {
  let tables: ReturnType<typeof resourcesOf>;
  beforeAll(() => {
    tables = resourcesOf(template, 'AWS::DynamoDB::Table');
  });

  it('are the four of the design', () => {
    expect(tables.map(([id]) => id).toSorted()).toEqual(['FleetsTable', 'InstancesTable', 'LedgerTable', 'TasksTable']);
  });

  it('are encrypted, can be restored to any second of the last weeks, and are paid by use', () => {
    const wrong = breaking(
      tables,
      (table) =>
        table['SSESpecification']?.SSEEnabled === true &&
        table['PointInTimeRecoverySpecification']?.PointInTimeRecoveryEnabled === true &&
        table['BillingMode'] === 'PAY_PER_REQUEST',
    );
    expect(wrong).toEqual([]);
  });

  it('outlive the stack', () => {
    expect(breaking(tables, (_table, id) => isRetained(id))).toEqual([]);
  });

  it('forget rows by their own expiry', () => {
    const wrong = breaking(tables, (table) => {
      const { AttributeName: attribute, Enabled: enabled } = table['TimeToLiveSpecification'] ?? {};
      return attribute === 'expiresAt' && enabled === true;
    });
    expect(wrong).toEqual([]);
  });

  /** A list as it is with a window in one of the fleets, or with none. */
  const listed = (list: readonly Properties[] | undefined, withWindow: boolean): readonly Properties[] =>
    (list ?? [])
      .map((part) => (part['Fn::If'] === undefined ? part : part['Fn::If'][withWindow ? 1 : 2]))
      .filter((part) => part['Ref'] !== 'AWS::NoValue');

  it.each([true, false])('define exactly the attributes of their keys and indexes, with a window or not: %s', (is) => {
    const keysOf = (schema: readonly Properties[]): string[] => schema.map((key) => key['AttributeName']);
    const wrong = breaking(tables, (table) => {
      const indexes = listed(table['GlobalSecondaryIndexes'], is);
      const used = [table['KeySchema'], ...indexes.map((index) => index['KeySchema'])].flatMap(keysOf);
      const defined = keysOf(listed(table['AttributeDefinitions'], is));
      return JSON.stringify([...new Set(used)].toSorted()) === JSON.stringify(defined.toSorted());
    });
    expect(wrong).toEqual([]);
  });

  it('list tasks by age only where a fleet has a window, because that costs two write units a task', () => {
    const names = (withWindow: boolean) =>
      listed(propertiesOf(template, 'TasksTable')['GlobalSecondaryIndexes'], withWindow).map((one) => one['IndexName']);
    expect(names(false)).toEqual(['byCheckAt', 'byEnd']);
    expect(names(true)).toEqual(['byCheckAt', 'byEnd', 'bySubmission']);
    expect(template.Conditions?.['HasWindows']).toEqual({ 'Fn::Equals': ['no', 'yes'] });
  });
});

describe('buckets', () => {
  it('are encrypted and closed to the public', () => {
    const buckets = resourcesOf(template, 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(2);
    const wrong = breaking(buckets, (bucket) => {
      const {
        BlockPublicAcls: a,
        BlockPublicPolicy: b,
        IgnorePublicAcls: c,
        RestrictPublicBuckets: d,
      } = bucket['PublicAccessBlockConfiguration'] ?? {};
      return bucket['BucketEncryption'] !== undefined && a && b && c && d;
    });
    expect(wrong).toEqual([]);
  });

  it('are reached by TLS only', () => {
    const closed = resourcesOf(template, 'AWS::S3::BucketPolicy')
      .filter(([, policy]) =>
        policy['PolicyDocument'].Statement.some(
          (statement: Properties) =>
            statement['Effect'] === 'Deny' && statement['Condition'].Bool['aws:SecureTransport'] === false,
        ),
      )
      .map(([, policy]) => targetOf(policy['Bucket']));
    expect(closed.toSorted()).toEqual(['ContentBucket', 'ServerlessDeploymentBucket']);
  });

  it('with contents of tasks outlive the stack, and each object its row', () => {
    expect(isRetained('ContentBucket')).toBe(true);
    const [rule] = resourcesOf(template, 'AWS::S3::Bucket').flatMap(
      ([, b]) => b['LifecycleConfiguration']?.Rules ?? [],
    );
    expect(rule.ExpirationInDays).toBeGreaterThan(30);
  });
});

describe('logs', () => {
  it('are kept for a stated time', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    expect(groups).toHaveLength(5);
    expect(breaking(groups, (group) => group['RetentionInDays'] === 30)).toEqual([]);
  });
});

describe('functions', () => {
  let functions: ReturnType<typeof resourcesOf>;
  beforeAll(() => {
    functions = resourcesOf(template, 'AWS::Lambda::Function');
  });

  it('run on nodejs24.x and arm64', () => {
    expect(functions).toHaveLength(5);
    const wrong = breaking(functions, ({ Runtime: runtime, Architectures: architectures }) => {
      return runtime === 'nodejs24.x' && JSON.stringify(architectures) === '["arm64"]';
    });
    expect(wrong).toEqual([]);
  });

  it('have each a role of its own, which Lambda alone may take', () => {
    const roles = functions.map(([, properties]) => targetOf(properties['Role'])!);
    expect(roles.toSorted()).toEqual(['AgentRole', 'PricesRole', 'ReconcileRole', 'ReportRole', 'SignalsRole']);
    for (const role of roles) {
      const { Statement: trust } = template.Resources[role]!.Properties!['AssumeRolePolicyDocument'] as Properties;
      expect(trust).toEqual([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]);
    }
  });

  it('have less environment than the 4 KB that Lambda takes, and no secret in it', () => {
    const wrong = breaking(functions, ({ Environment: environment }) => {
      const text = JSON.stringify(environment?.Variables ?? {});
      return text.length < 4_096 && !/secret|password|token|AKIA|PRIVATE KEY/i.test(text);
    });
    expect(wrong).toEqual([]);
  });

  it('answer a signal within five seconds, for a notice is two minutes', () => {
    const timeouts = functions.map(([id, { Timeout: timeout }]) => [id, timeout]);
    expect(Object.fromEntries(timeouts)).toMatchObject({ SignalsLambdaFunction: 5, ReconcileLambdaFunction: 60 });
  });
});

describe('the stack as a whole', () => {
  it('can be called by nobody outside: no URL, no permission of a function, no policy that lets everyone in', () => {
    const opening = [
      'AWS::Lambda::Url',
      'AWS::Lambda::Permission',
      'AWS::SNS::TopicPolicy',
      'AWS::ApiGateway::RestApi',
    ];
    expect(opening.flatMap((type) => resourcesOf(template, type))).toEqual([]);
    const everyone = Object.entries(template.Resources).filter(([, { Properties: properties }]) => {
      const text = JSON.stringify(properties ?? {});
      return /"Effect":"Allow"[^{}]*"Principal":(?:"\*"|\{"AWS":"\*"\})/.test(text);
    });
    expect(everyone.map(([id]) => id)).toEqual([]);
  });

  it('names no account but the one it is deployed to, except where the fleet file gives an ARN of another', () => {
    const accounts = [...JSON.stringify(template).matchAll(/(?<![0-9a-f])\d{12}(?![0-9a-f])/g)].map(
      (match) => match[0],
    );
    expect([...new Set(accounts)]).toEqual(['123456789012']);
    const arns = [...JSON.stringify(template).matchAll(/arn:aws[a-z-]*:[^"\\]*/g)].map((match) => match[0]);
    expect([...new Set(arns)].toSorted()).toEqual([
      'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef',
      'arn:aws:sqs:us-east-1:123456789012:films',
    ]);
  });
});
