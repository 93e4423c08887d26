import { createDrain } from '../../../../agent/drain.ts';
import { createSignalDesk } from '../../../../agent/signal-desk.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import type { DrainPolicy } from '../../../../fleet/instance.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { addMs, type EpochMs, epochMs } from '../../../../fleet/time.ts';
import {
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

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

interface Written {
  readonly kind: SignalKind;
  readonly instanceId: string;
  readonly deadline?: EpochMs;
}

const seconds = (instant: EpochMs | undefined): number | undefined =>
  instant === undefined ? undefined : (instant - NOW) / 1_000;

const decided = ({ kind, deadlineSeconds, rebalance }: Case): string => {
  const written: string[] = [];
  const drain = createDrain();
  const drainPolicy: DrainPolicy = { marginSeconds: 10, windowSeconds: 180, warySeconds: 900, rebalance };
  const shared = {
    ports: {
      clock: { now: () => NOW, sleep: () => NEVER_ANSWERED },
      log: { info: () => undefined },
      instances: {
        recordSignal: (signal: Written, drains: boolean) => {
          written.push(`${signal.kind} of ${signal.instanceId}, over in ${seconds(signal.deadline)}, drains ${drains}`);
          return NEVER_ANSWERED;
        },
      },
    },
    settings: { drainPolicy, maximumAgeSeconds: 86_400 },
    instanceId: 'i-1234567890abcdef0',
    drain,
  } as unknown as AgentShared;
  const desk = createSignalDesk(shared, { onRecorded: () => undefined });
  desk.tell({ kind, at: NOW, ...(deadlineSeconds !== undefined && { deadline: addMs(NOW, deadlineSeconds * 1_000) }) });
  const state = drain.state();
  const drains = state === undefined ? 'goes on' : `drains for ${state.reason} until ${seconds(state.deadline)}`;
  // A change waits for its turn, since it may have to take an earlier one back.
  return kind.startsWith('scheduled') ? drains : `${drains}; writes ${written.join(' and ')}`;
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
