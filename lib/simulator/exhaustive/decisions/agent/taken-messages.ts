import { takeFromMessage } from '../../../../agent/take.ts';
import type { Ticket } from '../../../../agent/ticket.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import { epochMs } from '../../../../fleet/time.ts';
import {
  beginOnly,
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const CASES = {
  body: [
    '{"spothop":1,"taskId":"a-task"}',
    '{"taskId":"a-task","spothop":1,"more":true}',
    '{"spothop":1}',
    '{"spothop":1,"taskId":"two words"}',
    '{"spothop":1,"taskId":7}',
    '{"spothop":2,"taskId":"a-task"}',
    '{"spothop":"1","taskId":"a-task"}',
    '{"spothop":null,"taskId":"a-task"}',
    '{"spothop":{},"taskId":"a-task"}',
    '{"spothop":1,"taskId":"__proto__"}',
    '{"spothop":0}',
  ],
  isInHand: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

/** What is done first; nothing that is asked of others ever answers. */
const decided = ({ body, isInHand }: Case): string => {
  const deeds: string[] = [];
  const does = (deed: string): Promise<never> => {
    deeds.push(deed);
    return NEVER_ANSWERED;
  };
  const tally = { putBack: 0, leftAlone: 0 };
  const shared = {
    ports: {
      clock: { now: () => epochMs(5), sleep: () => NEVER_ANSWERED },
      log: { error: (text: string) => deeds.push(text) },
      tasks: {
        apply: (id: string, { step, owner, session }: { step: string; owner: string; session: string }) =>
          does(`${step} ${id} for ${owner} in ${session}`),
      },
    },
    instanceId: 'i-1234567890abcdef0',
    session: 'session-1',
    tally,
  } as unknown as AgentShared;
  const ticket = {
    message: { messageId: 'm', body, attributes: {} },
    hide: (seconds: number) => does(`hides it for ${seconds} s`),
    putBack: (seconds: number, id: string) => does(`puts ${id} back for ${seconds} s`),
  } as unknown as Ticket;
  beginOnly(
    takeFromMessage(shared, ticket, {
      onLeaseOutcome: () => undefined,
      isInHand: (id) => isInHand && id === 'a-task',
      whoBegan: () => 'nobody',
    }),
  );
  return `${deeds.join(', ')}; counted ${tally.putBack} put back, ${tally.leftAlone} left alone`;
};

/** Ours is taken, unless it runs here already; what is ours and unknown is hidden for as long as may be, and counted. */
const expected = ({ body, isInHand }: Case): string => {
  const { spothop, taskId } = JSON.parse(body);
  if (spothop !== 1 || taskId !== 'a-task') {
    return 'message left alone, hides it for 900 s; counted 0 put back, 1 left alone';
  }
  return isInHand
    ? 'puts a-task back for 37 s; counted 1 put back, 0 left alone'
    : 'take a-task for i-1234567890abcdef0 in session-1; counted 0 put back, 0 left alone';
};

/** What a message of ours leads to first. */
export const takenMessages: DecisionTable = {
  name: 'a message of ours that is received',
  promise: 'O1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
