import { drainsNow } from '../../../../fleet/instance.ts';
import { KEPT_FOR_ADOPTION, MACHINE_GONE_KINDS, SIGNAL_GRAVITY, type SignalKind } from '../../../../fleet/signal.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, NOW, POLICY } from './told-machines.ts';

type Effect = 'drains' | 'drains, and it is gone' | 'drains when near' | 'warns' | 'leaves' | 'informs';

/** What each of them does to a machine, by the design's section on instances. */
const EFFECTS: Readonly<Record<SignalKind, Effect>> = {
  'spot-interruption': 'drains',
  'bid-evicted': 'drains',
  'terminated-by-request': 'drains',
  'shut-down-by-itself': 'drains',
  'state-stopping': 'drains',
  'state-shutting-down': 'drains',
  'state-stopped': 'drains, and it is gone',
  'state-terminated': 'drains, and it is gone',
  'machine-stopping': 'drains',
  'lifecycle-terminating': 'drains',
  'operator-drain': 'drains',
  'scheduled-change': 'drains when near',
  'capacity-reservation-interruption': 'drains when near',
  'rebalance-recommendation': 'warns',
  leave: 'leaves',
  'state-running': 'informs',
  'scheduled-change-cancelled': 'informs',
  'spot-request-fulfilment': 'informs',
  'lifecycle-launching': 'informs',
};

const CASES = {
  kind: Object.keys({ ...EFFECTS, ...SIGNAL_GRAVITY }) as SignalKind[],
  deadline: [undefined, -60, 44.999, 45, 45.001, 150, 150.001],
  windowSeconds: [45, 150],
  rebalance: ['wary', 'ignore', 'drain'],
} as const;

type Case = CombinationOf<typeof CASES>;

const inText = (drains: boolean, isGone: boolean, isKept: boolean): string =>
  `${drains ? 'drains' : 'does not drain'}${isGone ? ', gone' : ''}${isKept ? ', kept for adoption' : ''}`;

const decided = ({ kind, deadline, windowSeconds, rebalance }: Case): string => {
  const signal = { kind, ...(deadline === undefined ? {} : { deadline: inSeconds(deadline) }) };
  const drains = drainsNow(signal, { ...POLICY, windowSeconds, rebalance }, NOW);
  return inText(drains, MACHINE_GONE_KINDS.includes(kind), KEPT_FOR_ADOPTION.includes(kind));
};

/** Warnings and recommendations are kept for a machine that is not known yet; nothing else is. */
const expected = ({ kind, deadline, windowSeconds, rebalance }: Case): string => {
  const effect = EFFECTS[kind];
  const isNear = deadline !== undefined && deadline <= windowSeconds;
  return inText(
    effect.startsWith('drains') ? effect !== 'drains when near' || isNear : effect === 'warns' && rebalance === 'drain',
    effect.endsWith('gone'),
    kind === 'spot-interruption' || kind === 'rebalance-recommendation',
  );
};

/** What each signal does, as it is recorded. */
export const signalsTold: DecisionTable = {
  name: 'what a signal does to a machine',
  promise: 'N5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
