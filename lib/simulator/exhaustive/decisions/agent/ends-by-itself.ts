import { createDrain } from '../../../../agent/drain.ts';
import type { Mailbox } from '../../../../agent/mailbox.ts';
import { createSignalDesk } from '../../../../agent/signal-desk.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import {
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

const CASES = {
  /** At each beat, how long ago its item was read; an hour is the age at which it goes. */
  unreadSeconds: [[899, 899], [900, 900], [900], [5, 900], [900, 5], [900, 5, 900], [5, 900, 900]],
  ageSeconds: [10, 3_599, 3_600, 3_601],
  isDraining: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ unreadSeconds, ageSeconds, isDraining }: Case): string => {
  const written: string[] = [];
  const drain = createDrain();
  if (isDraining) drain.begin({ reason: 'a notice', deadline: addMs(NOW, 500_000), now: NOW });
  const shared = {
    ports: {
      clock: { now: () => NOW, sleep: () => NEVER_ANSWERED },
      log: { info: () => undefined, warn: () => undefined },
      instances: {
        recordSignal: ({ kind }: { readonly kind: string }) => {
          written.push(kind);
          return NEVER_ANSWERED;
        },
      },
    },
    settings: {
      drainPolicy: { marginSeconds: 10, windowSeconds: 180, warySeconds: 900, rebalance: 'wary' },
      maximumAgeSeconds: 3_600,
    },
    instanceId: 'i-1234567890abcdef0',
    drain,
  } as unknown as AgentShared;
  const desk = createSignalDesk(shared, { onRecorded: () => undefined });
  for (const unread of unreadSeconds) {
    const record = { launchedAt: addMs(NOW, -ageSeconds * 1_000) } as InstanceRecord;
    const mailbox: Mailbox = { record: () => record, readAt: () => addMs(NOW, -unread * 1_000), hear: () => undefined };
    desk.afterBeat(mailbox);
  }
  const state = drain.state();
  if (state === undefined) return 'goes on';
  return `drains for ${state.reason} until ${(state.deadline - NOW) / 1_000}, writes ${written.join(' and ') || 'nothing'}`;
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
