import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { failedMessageIds } from '../../../lib/local/lambda/batch-response.ts';

const batch = ['a', 'b', 'c'];
const answered = (payload: string) => ({ functionError: undefined, payload });
const failedFor = (payload: string): readonly string[] => [...failedMessageIds(batch, answered(payload), true)];

describe('a function that reports its failures', () => {
  test.each([
    ['an empty list', '{"batchItemFailures":[]}'],
    ['a null list', '{"batchItemFailures":null}'],
    ['an empty object', '{}'],
    ['null', 'null'],
  ])('has succeeded with everything when it answers %s', (_name, payload) => {
    expect(failedFor(payload)).toEqual([]);
  });

  test.each([
    ['an empty identifier', '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ['a null identifier', '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ['a wrong key', '{"batchItemFailures":[{"id":"a"}]}'],
    ['a list of plain ids', '{"batchItemFailures":["a"]}'],
    ['a list that is text', '{"batchItemFailures":"a"}'],
    ['an id that is not in the batch', '{"batchItemFailures":[{"itemIdentifier":"z"}]}'],
    ['one good and one bad identifier', '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":""}]}'],
    ['something that is no JSON', 'oops'],
    ['a text', '"done"'],
  ])('has failed with everything when it answers %s', (_name, payload) => {
    expect(failedFor(payload)).toEqual(batch);
  });

  it('keeps exactly the ids it names', () => {
    fc.assert(
      fc.property(fc.subarray(batch), (named) => {
        const payload = JSON.stringify({ batchItemFailures: named.map((itemIdentifier) => ({ itemIdentifier })) });
        expect(failedFor(payload).toSorted()).toEqual(named.toSorted());
      }),
    );
  });

  it('keeps everything when it throws, whatever the error looks like', () => {
    const thrown = { functionError: 'Unhandled' as const, payload: '{"batchItemFailures":[]}' };
    expect([...failedMessageIds(batch, thrown, true)]).toEqual(batch);
  });
});

it('a function that does not report failures has its answer ignored', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":"a"}]}';
  expect([...failedMessageIds(batch, answered(payload), false)]).toEqual([]);
});
