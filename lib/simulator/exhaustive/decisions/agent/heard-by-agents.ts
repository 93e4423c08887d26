import type { SignalKind } from '../../../../fleet/signal.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { after, NOW, secondsUntil, type TriedDesk, triedDesk } from './tried-desk.ts';

const KINDS = [
  'spot-interruption',
  'rebalance-recommendation',
  'scheduled-change',
  'scheduled-change-cancelled',
  'lifecycle-terminating',
  'machine-stopping',
] as const satisfies readonly SignalKind[];

const CASES = {
  kind: KINDS,
  deadlineSeconds: [undefined, -1, 60, 180, 181, 86_400],
  rebalance: ['wary', 'ignore', 'drain'],
} as const;

type Case = CombinationOf<typeof CASES>;

const writtenBy = ({ written }: TriedDesk): string =>
  written
    .map(([{ kind, instanceId, deadline }, drains]) => {
      const over = deadline === undefined ? undefined : secondsUntil(deadline);
      return `${kind} of ${instanceId}, over in ${over}, drains ${drains}`;
    })
    .join(' and ');

const decided = ({ kind, deadlineSeconds, rebalance }: Case): string => {
  const tried = triedDesk({ maximumAgeSeconds: 86_400, rebalance });
  tried.desk.tell({ kind, at: NOW, ...(deadlineSeconds !== undefined && { deadline: after(deadlineSeconds) }) });
  const state = tried.drain.state();
  const drains = state === undefined ? 'goes on' : `drains for ${state.reason} until ${secondsUntil(state.deadline)}`;
  // A change waits for its turn, since it may have to take an earlier one back.
  return kind.startsWith('scheduled') ? drains : `${drains}; writes ${writtenBy(tried)}`;
};

const drainsBy = ({ kind, deadlineSeconds, rebalance }: Case): boolean => {
  if (kind === 'rebalance-recommendation') return rebalance === 'drain';
  if (kind === 'scheduled-change-cancelled') return false;
  return kind !== 'scheduled-change' || (deadlineSeconds !== undefined && deadlineSeconds <= 180);
};

/** An end drains at once, a change when it is near, a recommendation where the fleet wants it; all are written down. */
const expected = (tried: Case): string => {
  const { kind, deadlineSeconds } = tried;
  const drains = drainsBy(tried);
  const told = drains ? `drains for ${kind} until ${deadlineSeconds ?? 180}` : 'goes on';
  if (kind.startsWith('scheduled')) return told;
  return `${told}; writes ${kind} of i-1234567890abcdef0, over in ${deadlineSeconds}, drains ${drains}`;
};

/** What an agent does about what it learns on its own machine. */
export const heardByAgents: DecisionTable = {
  name: 'what a machine learns of its own end',
  promise: 'N5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
