import type { Mailbox } from '../../../../agent/mailbox.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { after, kindsOf, secondsUntil, triedDesk } from './tried-desk.ts';

const CASES = {
  /** At each beat, how long ago its item was read; an hour is the age at which it goes. */
  unreadSeconds: [[899, 899], [900, 900], [900], [5, 900], [900, 5], [900, 5, 900], [5, 900, 900]],
  ageSeconds: [10, 3_599, 3_600, 3_601],
  isDraining: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ unreadSeconds, ageSeconds, isDraining }: Case): string => {
  const tried = triedDesk({ maximumAgeSeconds: 3_600 }, isDraining ? 500 : undefined);
  for (const unread of unreadSeconds) {
    const record = { launchedAt: after(-ageSeconds) } as InstanceRecord;
    const mailbox: Mailbox = { record: () => record, readAt: () => after(-unread), hear: () => undefined };
    tried.desk.afterBeat(mailbox);
  }
  const state = tried.drain.state();
  if (state === undefined) return 'goes on';
  return `drains for ${state.reason} until ${secondsUntil(state.deadline)}, writes ${kindsOf(tried)}`;
};

/** Only what two beats in a row find ends it: an item unread for 15 minutes, or its age. */
const expected = ({ unreadSeconds, ageSeconds, isDraining }: Case): string => {
  if (isDraining) return 'drains for a notice until 500, writes nothing';
  const finds = unreadSeconds.map((unread) => unread >= 900 || ageSeconds >= 3_600);
  const isFoundTwice = finds.some((found, beat) => found && finds[beat + 1] === true);
  return isFoundTwice ? 'drains for machine-stopping until 180, writes machine-stopping' : 'goes on';
};

/** The dead-man's switch in the agent, and its machine's maximum age. */
export const endsByItself: DecisionTable = {
  name: 'a machine that ends itself',
  promise: 'N1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
