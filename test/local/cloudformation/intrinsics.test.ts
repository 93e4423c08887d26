import { describe, expect, test } from 'vitest';
import { deploymentOrder } from '../../../lib/local/cloudformation/dependencies.ts';
import { conditionHolds, resolveValue, type Scope } from '../../../lib/local/cloudformation/intrinsics.ts';
import { resolvedProperties } from '../../../lib/local/cloudformation/scope.ts';
import { parameterValues, parseTemplate } from '../../../lib/local/cloudformation/template.ts';

const template = parseTemplate(
  JSON.stringify({
    Parameters: {
      Stage: { Type: 'String', Default: 'dev' },
      Image: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/ami' },
    },
    Mappings: { Sizes: { dev: { memory: 128 } } },
    Conditions: {
      IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
      IsLive: { 'Fn::Not': [{ Condition: 'IsDev' }] },
      Both: { 'Fn::And': [{ Condition: 'IsDev' }, { Condition: 'IsLive' }] },
      Either: { 'Fn::Or': [{ Condition: 'IsDev' }, { Condition: 'IsLive' }] },
    },
    Resources: {
      Image: { Type: 'AWS::EC2::LaunchTemplate', Properties: { ImageId: { Ref: 'Image' } } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { Note: { Ref: 'Image' } } },
    },
  }),
);

const scope: Scope = {
  template,
  parameters: parameterValues(template, new Map()),
  pseudo: new Map([['AWS::Region', 'us-east-1']]),
  ref: (id) => (id === 'Queue' ? 'http://queue' : undefined),
  attribute: (id, name) => (id === 'Queue' && name === 'Arn' ? 'arn:queue' : undefined),
};

describe('functions', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a parameter', { Ref: 'Stage' }, 'dev'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref of a resource', { Ref: 'Queue' }, 'http://queue'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
    ['Sub', { 'Fn::Sub': '${Stage}/${Queue.Arn}/${!Literal}/$x' }, 'dev/arn:queue/${Literal}/$x'],
    ['Sub with its own names', { 'Fn::Sub': ['${A}-${Stage}', { A: { Ref: 'Queue' } }] }, 'http://queue-dev'],
    ['Join', { 'Fn::Join': ['+', ['a', { Ref: 'Stage' }]] }, 'a+dev'],
    ['Select of Split', { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['Base64', { 'Fn::Base64': { 'Fn::Sub': '${Stage}' } }, 'ZGV2'],
    ['If true', { 'Fn::If': ['IsDev', 1, { Ref: 'Nowhere' }] }, 1],
    ['If without a value', { a: { 'Fn::If': ['IsLive', 1, { Ref: 'AWS::NoValue' }] }, b: 2 }, { b: 2 }],
    ['a list entry without a value', [1, { Ref: 'AWS::NoValue' }], [1]],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, 128],
    ['an object that only looks alike', { Ref: 'Stage', Other: 1 }, { Ref: 'Stage', Other: 1 }],
  ])('%s', (_name, value, expected) => expect(resolveValue(value, scope)).toEqual(expected));

  test.each([
    [{ Ref: 'Nowhere' }, /Nowhere/],
    [{ 'Fn::GetAtt': ['Queue', 'Colour'] }, /Queue\.Colour/],
    [{ 'Fn::ImportValue': 'x' }, /Fn::ImportValue is not supported/],
    [{ 'Fn::Select': [5, ['a']] }, /Fn::Select/],
  ])('%j is refused by name', (value, message) => expect(() => resolveValue(value, scope)).toThrow(message));
});

test.each([
  ['IsDev', true],
  ['IsLive', false],
  ['Both', false],
  ['Either', true],
])('condition %s: %s', (name, expected) => expect(conditionHolds(name, scope)).toBe(expected));

test('a reference to Parameter Store stays text in a launch template', () =>
  expect(resolvedProperties('Image', scope)).toEqual({ ImageId: '{{resolve:ssm:/ami}}' }));

test('and is refused anywhere else, naming the resource', () =>
  expect(() => resolvedProperties('Queue', scope)).toThrow(/Queue \(AWS::SQS::Queue\).*resolve:ssm/));

describe('the order of deployment', () => {
  const order = (resources: Record<string, object>): readonly string[] =>
    deploymentOrder(
      parseTemplate(
        JSON.stringify({
          Resources: Object.fromEntries(
            Object.entries(resources).map(([id, rest]) => [id, { Type: 'A::B::C', ...rest }]),
          ),
        }),
      ),
    );

  test('puts what is referred to first', () =>
    expect(
      order({
        A: { Properties: { x: { 'Fn::Sub': '${B.Arn}' } } },
        B: { Properties: { x: [{ 'Fn::GetAtt': ['C', 'Arn'] }] } },
        C: { DependsOn: ['D'] },
        D: {},
      }),
    ).toEqual(['D', 'C', 'B', 'A']));

  test("a name of Fn::Sub's own is no reference", () =>
    expect(order({ A: { Properties: { x: { 'Fn::Sub': ['${B}', { B: 'text' }] } } }, B: {} })).toEqual(['A', 'B']));

  test('a circle is named', () =>
    expect(() => order({ A: { Properties: { x: { Ref: 'B' } } }, B: { DependsOn: 'A' } })).toThrow('[A, B, A]'));

  test('a reference to nothing is named with its resource', () =>
    expect(() => order({ A: { Properties: { x: { Ref: 'Gone' } } } })).toThrow(/\[Gone\].*\(A\)/));
});
