import { expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import type { ReceivedMessage } from '../../lib/ports/queues.ts';
import { watchReceipts } from '../../lib/simulator/audit/agent-receipts.ts';
import { clockFrom, judging } from './judging.ts';

const messageOf = (receiveCount: number, body = '{"spothop":1,"taskId":"task-1"}'): ReceivedMessage =>
  ({ messageId: 'm', receiptHandle: 'r', body, receiveCount }) as ReceivedMessage;

/** A minute and a half after the beginning, at a queue that moves away what was received five times. */
const begin = () => {
  const { found, judge } = judging();
  const clock = clockFrom(90_000);
  return { found, receipts: watchReceipts({ now: clock.now, judge, receivesMax: 5, visibilitySeconds: 60 }) };
};

it('a message is put back as long as two more receipts are left for it', () => {
  const { found, receipts } = begin();
  receipts.putBack(messageOf(3), 30, undefined);
  expect(found).toEqual([]);
  receipts.putBack(messageOf(4), 30, undefined);
  expect(found).toEqual(['the message of task-1 is put back, received 4 times of 5']);
});

it('it is hidden again and again while its task runs, and put back where another could not be sent', () => {
  const { found, receipts } = begin();
  receipts.putBack(messageOf(5), 60, undefined);
  receipts.putBack(messageOf(5), 30, epochMs(30_001));
  expect(found).toEqual([]);
  receipts.putBack(messageOf(5), 30, epochMs(30_000));
  expect(found).toHaveLength(1);
});

it('nothing is asked of a queue without a limit, or of what somebody else sent', () => {
  const { found: unlimited, judge } = judging();
  const now = () => epochMs(0);
  watchReceipts({ now, judge, receivesMax: undefined, visibilitySeconds: 60 }).putBack(messageOf(99), 30, undefined);
  expect(unlimited).toEqual([]);
  const { found, receipts } = begin();
  receipts.putBack(messageOf(9, '{"name":"task-1"}'), 30, undefined);
  expect(found).toEqual([]);
});
