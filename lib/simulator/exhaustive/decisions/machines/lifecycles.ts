import { ENDS_NOW } from '../../../../audit/instance-model.ts';
import { drainIsDue, isTakenByEc2, lifecycleOf } from '../../../../fleet/instance.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, NOW, POLICY, recorded } from './told-machines.ts';

const ANNOUNCED: readonly SignalKind[] = ['scheduled-change', 'capacity-reservation-interruption'];

const TOLD: readonly SignalKind[] = [
  'state-running',
  'scheduled-change-cancelled',
  'spot-request-fulfilment',
  'lifecycle-launching',
];

const CASES = {
  kind: [undefined, ...ENDS_NOW, ...ANNOUNCED, ...TOLD, 'leave'] as readonly (SignalKind | undefined)[],
  deadline: [undefined, 150, 150.001],
  recommendedAgo: [undefined, 0, 399.999, 400],
  rebalance: ['wary', 'ignore', 'drain'],
  drains: [false, true],
  isClosed: [false, true],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ kind, deadline, recommendedAgo, rebalance, drains, isClosed }: Case): string => {
  const record = {
    ...MACHINE,
    ...(drains ? { drainingAt: inSeconds(-3) } : {}),
    ...(isClosed ? { goneAt: inSeconds(-1) } : {}),
    signals: {
      ...(recommendedAgo === undefined ? {} : recorded('rebalance-recommendation', { ago: recommendedAgo })),
      ...(kind === undefined ? {} : recorded(kind, { deadline })),
    },
  };
  const policy = { ...POLICY, rebalance };
  return [
    lifecycleOf(record, policy, NOW),
    ...(drainIsDue(record, policy, NOW) ? ['to be drained'] : []),
    ...(isTakenByEc2(record) ? ['taken by EC2'] : []),
  ].join(', ');
};

const ruleOfLifecycle = ({ kind, recommendedAgo, rebalance, drains, isClosed }: Case): string => {
  if (isClosed || kind === 'state-stopped' || kind === 'state-terminated') return 'gone';
  if (drains) return 'draining';
  if (kind === 'leave' || (kind !== undefined && ANNOUNCED.includes(kind))) return 'leaving';
  const isFresh = recommendedAgo !== undefined && recommendedAgo < 400;
  return isFresh && rebalance !== 'ignore' ? 'wary' : 'active';
};

const ruleOfDrain = ({ kind, deadline, recommendedAgo, rebalance, drains }: Case): boolean => {
  if (drains) return false;
  if (kind !== undefined && ENDS_NOW.includes(kind)) return true;
  if (rebalance === 'drain' && recommendedAgo !== undefined) return true;
  return kind !== undefined && ANNOUNCED.includes(kind) && deadline === 150;
};

const expected = (tried: Case): string =>
  [
    ruleOfLifecycle(tried),
    ...(ruleOfDrain(tried) ? ['to be drained'] : []),
    ...(tried.kind === 'spot-interruption' || tried.kind === 'bid-evicted' ? ['taken by EC2'] : []),
  ].join(', ');

/** What a machine is, from what is recorded on it, and whether its drain has to be marked now. */
export const lifecycles: DecisionTable = {
  name: 'the lifecycle of a machine',
  promise: 'N5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
