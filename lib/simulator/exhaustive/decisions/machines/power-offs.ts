import { powerOffAt } from '../../../../decisions/decide-power-off.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, NOW, recorded, secondsUntil } from './told-machines.ts';

const CASES = {
  purchase: ['spot', 'on-demand'],
  kind: ['spot-interruption', 'bid-evicted', 'operator-drain', 'state-shutting-down'],
  deadline: [undefined, -400, -1, 60],
  /** What somebody else has announced. */
  changeIn: [undefined, 20, 5_000],
  /** How old it is when the first of those comes that EC2 would end it by. */
  ageAtDeadline: [0, 1_000, 3_599.999, 3_600, 9_000],
} as const;

type Case = CombinationOf<typeof CASES>;

/** EC2's own word where it gave one; where it only said that it takes it, whatever comes first. */
const ec2Deadline = ({ kind, deadline, changeIn }: Case): number | undefined => {
  if (deadline === undefined) return changeIn;
  if (kind === 'spot-interruption' || changeIn === undefined) return deadline;
  return Math.min(deadline, changeIn);
};

const decided = (tried: Case): string => {
  const { purchase, kind, deadline, changeIn, ageAtDeadline } = tried;
  const at = powerOffAt(
    {
      ...MACHINE,
      pool: { ...MACHINE.pool, purchase },
      launchedAt: inSeconds((ec2Deadline(tried) ?? 0) - ageAtDeadline),
      drainingAt: inSeconds(-30),
      signals: {
        ...recorded(kind, { deadline }),
        ...(changeIn === undefined ? {} : recorded('scheduled-change', { deadline: changeIn })),
      },
    },
    NOW,
  );
  return at === NOW ? 'now' : `in ${secondsUntil(at)} s`;
};

/** EC2's own end of a spot machine within its first hour is free (B28): it has five minutes more. Nothing else waits. */
const expected = (tried: Case): string => {
  const deadline = ec2Deadline(tried);
  const isEc2 = tried.kind === 'spot-interruption' || tried.kind === 'bid-evicted';
  const isFree = isEc2 && tried.purchase === 'spot' && tried.ageAtDeadline < 3_600;
  return deadline === undefined || !isFree ? 'now' : `in ${deadline + 300} s`;
};

/** When a drained machine powers itself off. */
export const powerOffs: DecisionTable = {
  name: 'the end of a drained machine',
  promise: 'M2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
