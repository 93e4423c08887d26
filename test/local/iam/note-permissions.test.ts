import { expect, test } from 'vitest';
import { notePermissions } from '../../../lib/local/iam/note-permissions.ts';
import { openRecorder } from '../../../lib/local/record.ts';
import type { Caller } from '../../../lib/local/service.ts';
import { manualClock } from '../../support/manual-clock.ts';

const role: Caller = {
  kind: 'role',
  roleName: 'reads',
  roleArn: 'arn:aws:iam::000000000000:role/reads',
  sessionName: 'f',
};
const receive = { action: 'sqs:ReceiveMessage', resource: 'arn:aws:sqs:us-east-1:000000000000:jobs', context: {} };

test('what a role is asked for is recorded once, with the answer', () => {
  const recorder = openRecorder(manualClock(5));
  const isAllowed = notePermissions(recorder, (_caller, { action }) => action === 'sqs:ReceiveMessage');
  expect(isAllowed(role, receive)).toBe(true);
  expect(isAllowed(role, receive)).toBe(true);
  expect(isAllowed(role, { ...receive, action: 'sqs:PurgeQueue' })).toBe(false);
  const line = { at: 5, kind: 'permission', caller: 'role/reads/f', resource: receive.resource, context: {} };
  expect(recorder.lines()).toEqual([
    { ...line, action: 'sqs:ReceiveMessage', allowed: true },
    { ...line, action: 'sqs:PurgeQueue', allowed: false },
  ]);
});

test('what a service is asked for is no permission of a role', () => {
  const recorder = openRecorder(manualClock(5));
  const isAllowed = notePermissions(recorder, () => true);
  expect(isAllowed({ kind: 'service', principal: 'events.amazonaws.com', sourceArn: 'a' }, receive)).toBe(true);
  expect(recorder.lines()).toEqual([]);
});
