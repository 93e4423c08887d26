import { createDrain } from '../../../../agent/drain.ts';
import { createSignalDesk } from '../../../../agent/signal-desk.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import {
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

const KINDS = [
  undefined,
  'state-terminated',
  'state-stopped',
  'state-stopping',
  'state-running',
  'rebalance-recommendation',
  'scheduled-change',
  'leave',
  'operator-drain',
] as const satisfies readonly (SignalKind | undefined)[];

const CASES = {
  kind: KINDS,
  deadlineSeconds: [undefined, 60, 180, 181],
  drainingSecondsAgo: [undefined, 100],
  isCalledGone: [true, false],
  /** The agent drains already, until so many seconds from now. */
  drainsUntil: [undefined, 150],
} as const;

type Case = CombinationOf<typeof CASES>;

const after = (seconds: number) => addMs(NOW, seconds * 1_000);

const itemOf = ({ kind, deadlineSeconds, drainingSecondsAgo, isCalledGone }: Case): InstanceRecord => {
  const told = { at: NOW, recordedAt: NOW };
  const deadline = deadlineSeconds === undefined ? {} : { deadline: after(deadlineSeconds) };
  // A change that is announced for much later puts nothing off.
  const later = { 'scheduled-change': { ...told, deadline: after(86_400) } };
  return {
    signals: kind === undefined ? {} : { ...later, [kind]: { ...told, ...deadline } },
    ...(drainingSecondsAgo === undefined ? {} : { drainingAt: after(-drainingSecondsAgo) }),
    ...(isCalledGone && { goneAt: NOW }),
  } as InstanceRecord;
};

const decided = (tried: Case): string => {
  const written: string[] = [];
  const drain = createDrain();
  if (tried.drainsUntil !== undefined)
    drain.begin({ reason: 'a notice', deadline: after(tried.drainsUntil), now: NOW });
  const shared = {
    ports: {
      clock: { now: () => NOW, sleep: () => NEVER_ANSWERED },
      log: { info: () => undefined },
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
  createSignalDesk(shared, { onRecorded: () => undefined }).read(itemOf(tried));
  const state = drain.state();
  const until = state === undefined ? 'goes on' : `drains until ${(state.deadline - NOW) / 1_000}`;
  return `${until}, writes ${written.join(' and ') || 'nothing'}`;
};

/** By when the item wants it through: at once where the machine is gone, else at its deadline or when its window is over. */
const wantedBy = ({ kind, deadlineSeconds, drainingSecondsAgo, isCalledGone }: Case): number | undefined => {
  if (isCalledGone || kind === 'state-terminated' || kind === 'state-stopped') return 0;
  const known = kind === undefined ? 1_000 : (deadlineSeconds ?? 1_000);
  if (drainingSecondsAgo !== undefined) return Math.min(known, 180 - drainingSecondsAgo);
  const ends = kind === 'state-stopping' || kind === 'operator-drain';
  return ends || (kind === 'scheduled-change' && known <= 180) ? Math.min(known, 180) : undefined;
};

/** What others have written is followed at once; what has come near since then the agent writes itself, if it is first. */
const expected = (tried: Case): string => {
  const wanted = wantedBy(tried);
  const { drainsUntil, drainingSecondsAgo } = tried;
  const isWritten = wanted !== undefined && wanted > 0 && drainingSecondsAgo === undefined;
  if (drainsUntil !== undefined) {
    // A drain that has begun by itself is as near as it was, unless the item knows of a nearer end.
    const until = wanted === undefined || isWritten ? drainsUntil : Math.min(drainsUntil, wanted);
    return `drains until ${until}, writes nothing`;
  }
  if (wanted === undefined) return 'goes on, writes nothing';
  return `drains until ${wanted}, writes ${isWritten ? 'machine-stopping' : 'nothing'}`;
};

/** What an agent does about what others have written on its machine's item. */
export const heardOnItems: DecisionTable = {
  name: 'what a machine reads on its item',
  promise: 'N6',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
