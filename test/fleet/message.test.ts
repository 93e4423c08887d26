import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskId } from '../../lib/fleet/ids.ts';
import { encodeTaskMessage, parseTaskMessage } from '../../lib/fleet/message.ts';

describe('a message on a work queue', () => {
  it('of ours carries its form and the task’s id, and nothing else', () => {
    expect(encodeTaskMessage(taskId('order-7'))).toBe('{"spothop":1,"taskId":"order-7"}');
    expect(parseTaskMessage('{"spothop":1,"taskId":"order-7"}')).toEqual({ kind: 'task', taskId: 'order-7' });
  });

  it.each(['', 'plain text', '7', 'null', '[]', '{"taskId":"a"}', '{"order":{"spothop":1}}'])(
    '%j is a stranger’s',
    (body) => {
      expect(parseTaskMessage(body)).toEqual({ kind: 'foreign' });
    },
  );

  it.each([
    '{"spothop":2,"taskId":"a"}',
    '{"spothop":"1","taskId":"a"}',
    '{"spothop":1}',
    '{"spothop":1,"taskId":"has blank"}',
    '{"spothop":null}',
    // The one name under which an object keeps nothing: its lease would never be seen.
    '{"spothop":1,"taskId":"__proto__"}',
  ])('%j is of a form this version does not know', (body) => {
    expect(parseTaskMessage(body)).toEqual({ kind: 'unknown-form' });
  });

  it('is read without an error whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__":{"spothop":1}}')), (body) => {
        expect(['task', 'foreign', 'unknown-form']).toContain(parseTaskMessage(body).kind);
      }),
      { numRuns: 500 },
    );
  });
});
