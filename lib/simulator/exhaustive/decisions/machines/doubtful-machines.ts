import { doubtfulMembers } from '../../../../decisions/doubtful.ts';
import { ATTACHED, type InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { memberOf, numbered, viewOf } from './told-fleets.ts';
import { inSeconds, MACHINE, NOW, recorded } from './told-machines.ts';

const CASES = {
  kind: ['spot', 'on-demand', 'attached'],
  recommendedAgo: [undefined, 399.999, 400],
  rebalance: ['wary', 'ignore'],
  /** Machines of the same pool that EC2 took so long ago. */
  taken: [[], [5], [5, 599.999], [5, 600], [5, 6, 700]],
  /** Machines of the same pool that live, itself among them. */
  living: [1, 2, 3],
  /** Told by a warning, by EC2 afterwards, by both; drained by an operator; or warned in another pool. */
  how: ['warned', 'evicted', 'both', 'drained', 'elsewhere'],
} as const;

type Case = CombinationOf<typeof CASES>;

function* cases(): Generator<Case> {
  for (const tried of combinationsOf(CASES)) if (tried.taken.length > 0 || tried.how === 'both') yield tried;
}

const takenOne = (ago: number, { how }: Case): Partial<InstanceRecord> => {
  // EC2's word afterwards comes later than its warning: the warning counts.
  const both = { ...recorded('bid-evicted', { ago: 1 }), ...recorded('spot-interruption', { ago }) };
  const one = how === 'evicted' ? 'bid-evicted' : how === 'drained' ? 'operator-drain' : 'spot-interruption';
  return { drainingAt: inSeconds(-ago), signals: how === 'both' ? both : recorded(one, { ago }) };
};

const machinesOf = (tried: Case): readonly InstanceRecord[] => {
  const { kind, recommendedAgo, taken, living, how } = tried;
  const elsewhere = { pool: { ...MACHINE.pool, zone: 'us-east-1b' } };
  const pool = { ...MACHINE.pool, purchase: kind === 'on-demand' ? kind : 'spot' } as const;
  const it = {
    ...(kind === 'attached' ? { intentId: ATTACHED } : {}),
    signals: recommendedAgo === undefined ? {} : recorded('rebalance-recommendation', { ago: recommendedAgo }),
  };
  const others = [...Array.from({ length: living - 1 }, () => ({})), ...taken.map((ago) => takenOne(ago, tried))].map(
    (one) => (how === 'elsewhere' ? { ...one, ...elsewhere } : { ...one, pool }),
  );
  return numbered([{ ...it, pool }, ...others]);
};

const decided = (tried: Case): string => {
  const records = machinesOf(tried);
  const view = viewOf(records);
  const drainPolicy = { ...view.drainPolicy, rebalance: tried.rebalance };
  const doubts = doubtfulMembers({ ...view, drainPolicy }, [memberOf(records[0]!)], NOW);
  return doubts.map(({ member, because }) => `${because} of ${member.instanceId}`).join(', ') || 'no doubt';
};

/** A recommendation of EC2, or two machines at least of its pool taken within ten minutes that were half of it. */
const expected = (tried: Case): string => {
  const { kind, recommendedAgo, rebalance, taken, living, how } = tried;
  if (kind !== 'spot') return 'no doubt';
  const isRecommended = recommendedAgo !== undefined && recommendedAgo < 400 && rebalance === 'wary';
  if (isRecommended) return 'recommendation of i-00000001';
  const lately = how === 'drained' || how === 'elsewhere' ? 0 : taken.filter((ago) => ago < 600).length;
  return lately >= 2 && lately >= (living + taken.length) / 2 ? 'storm of i-00000001' : 'no doubt';
};

/** Whether a machine that runs may be taken soon, so that its replacement is asked for at once. */
export const doubtfulMachines: DecisionTable = {
  name: 'a machine that may be taken soon',
  promise: 'N3',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
