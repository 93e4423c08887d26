import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, type Question } from '../../../lib/local/iam/evaluate.ts';
import type { PolicyDocument, PolicyStatement } from '../../../lib/local/service.ts';

const role = {
  kind: 'role',
  roleArn: 'arn:aws:iam::000000000000:role/worker',
  sessionArn: 'arn:aws:sts::000000000000:assumed-role/worker/i-1',
} as const;
const events = { kind: 'service', name: 'events.amazonaws.com' } as const;

const policy = (...statements: PolicyStatement[]): PolicyDocument => ({ Version: '2012-10-17', Statement: statements });

const ask = (question: Partial<Question>): boolean =>
  evaluate({
    action: 'sqs:SendMessage',
    resource: 'arn:aws:sqs:us-east-1:000000000000:jobs',
    context: {},
    principal: role,
    identityPolicies: [],
    ...question,
  }).allowed;

const allows = (statement: Partial<PolicyStatement>, question: Partial<Question> = {}): boolean =>
  ask({ identityPolicies: [policy({ Effect: 'Allow', Action: '*', Resource: '*', ...statement })], ...question });

describe('a single statement', () => {
  test.each([
    ['sqs:SendMessage', true],
    ['SQS:sendmessage', true],
    ['sqs:*', true],
    ['sqs:Send*', true],
    ['sqs:?endMessage', true],
    ['sqs:SendMessageBatch', false],
    ['sqs:Receive*', false],
  ])('Action %s on sqs:SendMessage: %s', (Action, expected) => expect(allows({ Action })).toBe(expected));

  test.each([
    ['*', true],
    ['arn:aws:sqs:us-east-1:000000000000:jobs', true],
    ['arn:aws:sqs:*:*:j*s', true],
    ['arn:aws:sqs:us-east-1:000000000000:JOBS', false],
    ['arn:aws:sqs:us-east-1:000000000000:jobs-dead', false],
  ])('Resource %s: %s', (Resource, expected) => expect(allows({ Resource })).toBe(expected));

  test('the tag-on-create form of the EC2 guide matches an instance', () =>
    expect(
      allows(
        { Action: 'ec2:CreateTags', Resource: 'arn:aws:ec2:us-east-1:000000000000:*/*' },
        { action: 'ec2:CreateTags', resource: 'arn:aws:ec2:us-east-1:000000000000:instance/i-1' },
      ),
    ).toBe(true));

  test('NotAction and NotResource allow everything else', () => {
    const but = (statement: PolicyStatement) => ask({ identityPolicies: [policy(statement)] });
    expect(but({ Effect: 'Allow', NotAction: 'sqs:SendMessage', Resource: '*' })).toBe(false);
    expect(but({ Effect: 'Allow', NotAction: 's3:*', Resource: '*' })).toBe(true);
    expect(but({ Effect: 'Allow', Action: '*', NotResource: '*:jobs' })).toBe(false);
    expect(but({ Effect: 'Allow', Action: '*', NotResource: '*:others' })).toBe(true);
  });
});

describe('conditions', () => {
  const context = { k: 'Blue', n: '5', t: 'true', arn: 'arn:aws:sqs:us-east-1:1:a:b', many: ['a', 'b'] };
  test.each<[string, Record<string, Record<string, unknown>>, boolean]>([
    ['StringEquals', { StringEquals: { k: ['Red', 'Blue'] } }, true],
    ['StringEquals keeps case', { StringEquals: { k: 'blue' } }, false],
    ['StringEquals has no wildcards', { StringEquals: { k: 'Bl*' } }, false],
    ['a key ignores case in its name', { StringEquals: { K: 'Blue' } }, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { k: 'blue' } }, true],
    ['StringNotEquals', { StringNotEquals: { k: 'Blue' } }, false],
    ['StringNotEquals of several: none may match', { StringNotEquals: { k: ['Red', 'Blue'] } }, false],
    ['StringNotEquals without the key', { StringNotEquals: { missing: 'x' } }, true],
    ['StringLike', { StringLike: { k: 'B?u*' } }, true],
    ['StringNotLike', { StringNotLike: { k: 'B*' } }, false],
    ['StringEquals without the key', { StringEquals: { missing: 'x' } }, false],
    ['StringEqualsIfExists without the key', { StringEqualsIfExists: { missing: 'x' } }, true],
    ['StringEqualsIfExists with it', { StringEqualsIfExists: { k: 'x' } }, false],
    ['ArnLike stays within its colons', { ArnLike: { arn: 'arn:aws:sqs:*:a:b' } }, false],
    ['ArnLike', { ArnLike: { arn: 'arn:aws:sqs:*:1:a*' } }, true],
    ['ArnEquals knows wildcards too', { ArnEquals: { arn: 'arn:aws:sqs:us-*:1:a:b' } }, true],
    ['Bool', { Bool: { t: true } }, true],
    ['Bool false', { Bool: { t: 'false' } }, false],
    ['NumericLessThanEquals', { NumericLessThanEquals: { n: 5 } }, true],
    ['NumericGreaterThan', { NumericGreaterThan: { n: '5' } }, false],
    ['Numeric of what is no number', { NumericLessThan: { k: 5 } }, false],
    ['Null true: absent', { Null: { missing: 'true' } }, true],
    ['Null false: present', { Null: { k: false } }, true],
    ['ForAllValues', { 'ForAllValues:StringEquals': { many: ['a', 'b', 'c'] } }, true],
    ['ForAllValues, one outside', { 'ForAllValues:StringEquals': { many: ['a'] } }, false],
    ['ForAllValues without the key is true', { 'ForAllValues:StringEquals': { missing: ['a'] } }, true],
    ['ForAnyValue', { 'ForAnyValue:StringEquals': { many: ['b', 'z'] } }, true],
    ['ForAnyValue without the key is false', { 'ForAnyValue:StringEquals': { missing: ['a'] } }, false],
    ['two keys must both hold', { StringEquals: { k: 'Blue', n: '6' } }, false],
    ['two operators must both hold', { StringEquals: { k: 'Blue' }, Bool: { t: 'false' } }, false],
  ])('%s', (_name, Condition, expected) => expect(allows({ Condition }, { context })).toBe(expected));
});

describe('policy variables', () => {
  const own = (context: Question['context'], Version = '2012-10-17') =>
    ask({
      identityPolicies: [
        { Version, Statement: { Effect: 'Allow', Action: '*', Resource: "arn:${aws:userid}/${k, 'none'}" } },
      ],
      resource: 'arn:AROA:i-1/none',
      context,
    });
  test('are filled in', () => expect(own({ 'aws:userid': 'AROA:i-1' })).toBe(true));
  test('make a statement match nothing when they have no value', () => expect(own({})).toBe(false));
  test('are plain text in documents without the newer version', () =>
    expect(own({ 'aws:userid': 'AROA:i-1' }, '2008-10-17')).toBe(false));
  test('bring no wildcards with them', () => expect(own({ 'aws:userid': '*' })).toBe(false));
});

describe("a resource's own policy", () => {
  const queue = policy({
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: '*',
    Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:us-east-1:0:rule/one' } },
  });
  const from = (rule: string) => ({ 'aws:SourceArn': `arn:aws:events:us-east-1:0:rule/${rule}` });
  const byEvents = { resourcePolicy: queue, principal: events };

  test('lets in the service it names, from the source it names', () =>
    expect(ask({ ...byEvents, context: from('one') })).toBe(true));
  test('not from another source', () => expect(ask({ ...byEvents, context: from('two') })).toBe(false));
  test('not another service', () =>
    expect(ask({ ...byEvents, principal: { kind: 'service', name: 'sns.amazonaws.com' }, context: from('one') })).toBe(
      false,
    ));
  test('not a role', () => expect(ask({ ...byEvents, principal: role, context: from('one') })).toBe(false));

  const forAccount = (Effect: 'Allow' | 'Deny') =>
    policy({ Effect, Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: '*', Resource: '*' });
  test('naming the account grants a role nothing by itself', () =>
    expect(ask({ resourcePolicy: forAccount('Allow') })).toBe(false));
  test('denying the account denies its roles', () =>
    expect(allows({}, { resourcePolicy: forAccount('Deny') })).toBe(false));
});

const words = fc.constantFrom('sqs:SendMessage', 'sqs:*', '*', 's3:GetObject', 'sqs:Send?essage');
const places = fc.constantFrom('*', 'arn:aws:sqs:us-east-1:000000000000:jobs', 'arn:aws:sqs:*', 'arn:aws:s3:::b/*');
const statements = fc.record({
  Effect: fc.constantFrom('Allow' as const, 'Deny' as const),
  Action: fc.array(words, { minLength: 1, maxLength: 3 }),
  Resource: fc.array(places, { minLength: 1, maxLength: 3 }),
});
const policies = fc.array(
  fc.array(statements, { maxLength: 4 }).map((all) => policy(...all)),
  { maxLength: 4 },
);

describe('whatever the policies', () => {
  test('an explicit deny always wins', () => {
    fc.assert(
      fc.property(policies, policies, (before, after) => {
        const deny = policy({ Effect: 'Deny', Action: 'sqs:SendMessage', Resource: '*' });
        return !ask({ identityPolicies: [...before, deny, ...after] });
      }),
      { numRuns: 300 },
    );
  });

  test('without an allow nothing is granted', () => {
    fc.assert(
      fc.property(policies, (all) => {
        const denials = all.map(({ Statement }) =>
          policy(...(Statement as PolicyStatement[]).filter((one) => one.Effect === 'Deny')),
        );
        return !ask({ identityPolicies: denials });
      }),
      { numRuns: 300 },
    );
  });

  test('the order of policies never matters', () => {
    fc.assert(
      fc.property(policies, (all) => ask({ identityPolicies: all }) === ask({ identityPolicies: all.toReversed() })),
      { numRuns: 300 },
    );
  });

  test('a pattern matches exactly what the regular expression it stands for matches', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?', '.'), maxLength: 8 });
    const plain = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 8 });
    fc.assert(
      fc.property(letters, plain, (pattern, text) => {
        const escaped = pattern.replace(/[.]/g, '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        return allows({ Resource: pattern }, { resource: text }) === new RegExp(`^${escaped}$`).test(text);
      }),
      { numRuns: 1_000 },
    );
  });
});
