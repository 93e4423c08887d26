import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAwsQuery } from '../../../lib/local/http/aws-query.ts';

const plain = (form: string): unknown => JSON.parse(JSON.stringify(parseAwsQuery(form)));

describe('the AWS Query form', () => {
  test.each([
    ['Action=DescribeStacks&StackName=a', { Action: 'DescribeStacks', StackName: 'a' }],
    ['Tags.member.1.Key=a&Tags.member.1.Value=b', { Tags: [{ Key: 'a', Value: 'b' }] }],
    ['InstanceId.2=b&InstanceId.1=a&InstanceId.10=c', { InstanceId: ['a', 'b', 'c'] }],
    ['Filter.1.Name=n&Filter.1.Value.1=v', { Filter: [{ Name: 'n', Value: ['v'] }] }],
    ['Attributes.entry.1.key=k&Attributes.entry.1.value=v', { Attributes: [{ key: 'k', value: 'v' }] }],
    ['Parameters=&A=%2B+%C3%A9', { Parameters: '', A: '+ é' }],
    ['Target.member=x', { Target: { member: 'x' } }],
  ])('%s', (form, expected) => expect(plain(form)).toEqual(expected));

  test('a name from a hostile client reaches no prototype', () => {
    parseAwsQuery('__proto__.polluted=yes&constructor.prototype.polluted=yes');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('any text is read without throwing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (form) => parseAwsQuery(form) !== undefined),
      { numRuns: 300 },
    );
  });

  test('a very deep name is left out', () => expect(plain(`${'a.'.repeat(5_000)}b=1`)).toEqual({}));
});
