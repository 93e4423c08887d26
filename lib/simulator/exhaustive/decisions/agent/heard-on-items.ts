import type { InstanceRecord } from '../../../../fleet/instance.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { after, kindsOf, NOW, secondsUntil, triedDesk } from './tried-desk.ts';

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
  const machine = triedDesk({ maximumAgeSeconds: 3_600 }, tried.drainsUntil);
  machine.desk.read(itemOf(tried));
  const state = machine.drain.state();
  const until = state === undefined ? 'goes on' : `drains until ${secondsUntil(state.deadline)}`;
  return `${until}, writes ${kindsOf(machine)}`;
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
