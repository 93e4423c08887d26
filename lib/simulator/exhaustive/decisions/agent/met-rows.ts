import { meetRow } from '../../../../agent/meet.ts';
import type { Ticket } from '../../../../agent/ticket.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import { fleetName, taskId } from '../../../../fleet/ids.ts';
import type { TaskRecord } from '../../../../fleet/task.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import {
  beginOnly,
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

const CASES = {
  status: ['ready', 'running', 'done', 'dead', 'cancelled'],
  takenSecondsAgo: [undefined, 0, 60],
  expectedSeconds: [undefined, 90, 200, 5_000],
  reason: [undefined, 'it failed'],
} as const;

type Case = CombinationOf<typeof CASES>;

/** What is done first; nothing that is asked of others ever answers. */
const decided = ({ status, takenSecondsAgo, expectedSeconds, reason }: Case): string => {
  const deeds: string[] = [];
  const does = (deed: string): Promise<never> => {
    deeds.push(deed);
    return NEVER_ANSWERED;
  };
  const tally = { putBack: 0, removed: 0 };
  const shared = {
    ports: {
      clock: { now: () => NOW, sleep: () => NEVER_ANSWERED },
      deadLetters: { send: (id: string, why: string) => does(`copies ${id}: ${why}`) },
    },
    runTimes: { expectedMs: () => (expectedSeconds === undefined ? undefined : expectedSeconds * 1_000) },
    tally,
  } as unknown as AgentShared;
  const ticket = {
    remove: () => does('removes the message'),
    putBack: (seconds: number, id: string) => does(`puts ${id} back for ${seconds} s`),
  } as unknown as Ticket;
  const row: TaskRecord = {
    form: 1,
    taskId: taskId('met'),
    fleet: fleetName('explored'),
    status,
    attempt: 1,
    failures: 0,
    reclaims: 0,
    body: { inline: '{}', sha256: 'digest' },
    submittedAt: NOW,
    ...(takenSecondsAgo !== undefined && { takenAt: addMs(NOW, -takenSecondsAgo * 1_000) }),
    ...(reason !== undefined && { reason }),
  };
  beginOnly(meetRow(shared, row, ticket));
  return `${deeds.join(', ')}; counted ${tally.putBack} put back, ${tally.removed} removed`;
};

/** A finished task's message goes, a dead one's not before it is copied; a running one's waits for what its owner needs. */
const expected = ({ status, takenSecondsAgo, expectedSeconds, reason }: Case): string => {
  if (status === 'dead') return `copies met: ${reason ?? 'no reason given'}; counted 0 put back, 0 removed`;
  if (status === 'ready') return 'puts met back for 0 s; counted 0 put back, 0 removed';
  if (status !== 'running') return 'removes the message; counted 0 put back, 1 removed';
  const leftSeconds = Math.min(900, Math.max(37, (expectedSeconds ?? 0) - (takenSecondsAgo ?? 0)));
  return `puts met back for ${leftSeconds} s; counted 1 put back, 0 removed`;
};

/** What becomes of a message whose task is not to be taken. */
export const metRows: DecisionTable = {
  name: 'a message whose task is not to be taken',
  promise: 'O1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
