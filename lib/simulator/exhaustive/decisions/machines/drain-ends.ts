import { deadlineOf, drainEndOf } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, NOW, POLICY, recorded, secondsUntil } from './told-machines.ts';

const CASES = {
  drainingAgo: [undefined, 0, 30, 400],
  warned: [undefined, -5, 60, 119, 121, 150, 151],
  announced: [undefined, 40, 1_209_600],
  /** Drained by an operator, who gives no time. */
  isDrained: [false, true],
  windowSeconds: [45, 150],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ drainingAgo, warned, announced, isDrained, windowSeconds }: Case): string => {
  const record = {
    ...MACHINE,
    ...(drainingAgo === undefined ? {} : { drainingAt: inSeconds(-drainingAgo) }),
    signals: {
      ...(isDrained ? recorded('operator-drain') : {}),
      ...(announced === undefined ? {} : recorded('scheduled-change', { deadline: announced })),
      ...(warned === undefined ? {} : recorded('spot-interruption', { deadline: warned })),
    },
  };
  const deadline = deadlineOf(record);
  const end = secondsUntil(drainEndOf(record, { ...POLICY, windowSeconds }, NOW));
  return `ends in ${deadline === undefined ? '?' : secondsUntil(deadline)} s, through in ${end} s`;
};

/** The earliest end of which anything is known; through with the drain by then, and within the fleet's window anyway. */
const expected = ({ drainingAgo = 0, warned, announced, windowSeconds }: Case): string => {
  const windowEnd = windowSeconds - drainingAgo;
  if (warned === undefined && announced === undefined) return `ends in ? s, through in ${windowEnd} s`;
  const first = warned !== undefined && (announced === undefined || warned < announced) ? warned : announced!;
  return `ends in ${first} s, through in ${first < windowEnd ? first : windowEnd} s`;
};

/** When a machine ends, and when it is through with draining. */
export const drainEnds: DecisionTable = {
  name: 'how long a drain may take',
  promise: 'W4',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
