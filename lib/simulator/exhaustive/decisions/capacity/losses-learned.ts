import { LOSSES_LOOK_BACK_MS, learnLosses } from '../../../../decisions/learn-losses.ts';
import { lossesPerHour, usefulShare, wastedHours } from '../../../../decisions/loss-rate.ts';
import type { Member } from '../../../../fleet/fleet.ts';
import { fleetName, instanceId, intentId } from '../../../../fleet/ids.ts';
import type { Purchase } from '../../../../fleet/pool.ts';
import type { EndedBy, Run } from '../../../../fleet/run.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { compareTold, type ToldCase, triedTogether } from './told-cases.ts';

const NOW = epochMs(1_800_000_000_000);

const hoursAgo = (hours: number) => addMs(NOW, -hours * 3_600_000);

const CASES = {
  endedBy: ['ec2', 'us', 'itself', 'unknown'],
  purchase: ['spot', 'on-demand'],
  ranForHours: [0, 1, 8],
  endedHoursAgo: [-1, 0, 24, 48, 72],
  memberUpHours: [undefined, -1, 3],
} as const;

type Case = CombinationOf<typeof CASES>;

const INSTANCE = instanceId('i-00000000000000001');

const poolOf = (purchase: Purchase, zone: string) => ({ instanceType: 'm', zone, purchase });

const runOf = (
  endedBy: EndedBy,
  purchase: Purchase,
  zone: string,
  ranForHours: number,
  endedHoursAgo: number,
): Run => ({
  form: 1,
  instanceId: INSTANCE,
  fleet: fleetName('explored'),
  pool: poolOf(purchase, zone),
  launchedAt: hoursAgo(endedHoursAgo + ranForHours),
  endedAt: hoursAgo(endedHoursAgo),
  endedBy,
  interruption: 'none',
});

/** The same run twice, another in a pool beside it, and perhaps a machine that lives. */
const decided = ({ endedBy, purchase, ranForHours, endedHoursAgo, memberUpHours }: Case): string => {
  const run = runOf(endedBy, purchase, 'a', ranForHours, endedHoursAgo);
  const members: readonly Member[] =
    memberUpHours === undefined
      ? []
      : [
          {
            instanceId: INSTANCE,
            intentId: intentId('intent'),
            pool: poolOf(purchase, 'a'),
            launchedAt: hoursAgo(memberUpHours),
          },
        ];
  const learned = learnLosses([run, runOf('ec2', 'spot', 'b', 4, 24), run], members, NOW);
  return Object.entries(learned)
    .sort()
    .map(([pool, { hours, losses }]) => `${pool} ${hours} h ${losses} lost`)
    .join(', ');
};

/** Hours and machines that EC2 took, of spot only, halved with each day since; who lives has been lost to nobody. */
const expected = ({ endedBy, purchase, ranForHours, endedHoursAgo, memberUpHours }: Case): string => {
  const beside = 'm/b 2 h 0.5 lost';
  if (purchase === 'on-demand') return beside;
  const counts = { [-1]: 1, 0: 1, 24: 0.5, 48: 0.25, 72: 0.125 }[endedHoursAgo];
  const lives = memberUpHours === 3 ? 3 : 0;
  return `m/a ${2 * counts * ranForHours + lives} h ${endedBy === 'ec2' ? 2 * counts : 0} lost, ${beside}`;
};

const rounded = (value: number): string => value.toFixed(6);

const rate = (hours: number, losses: number, due: number): ToldCase => ({
  of: `${losses} lost in ${hours} h`,
  decided: () => rounded(lossesPerHour({ hours, losses })),
  due: rounded(due),
});

const wasted = (taskSeconds: number | undefined, noticeSeconds: number, dueSeconds: number): ToldCase => ({
  of: `tasks of ${taskSeconds} s told ${noticeSeconds} s before`,
  decided: () => rounded(wastedHours(taskSeconds, noticeSeconds) * 3_600),
  due: rounded(dueSeconds),
});

const useful = (losses: number, wastedEach: number, due: number): ToldCase => ({
  of: `${losses} losses an hour that waste ${wastedEach} h`,
  decided: () => rounded(usefulShare(losses, wastedEach)),
  due: rounded(due),
});

/** A belief of one loss in twenty hours that weighs as ten hours; a start-up of two minutes, and half of a longer task. */
const TOLD: readonly ToldCase[] = [
  { of: 'nothing known', decided: () => rounded(lossesPerHour()), due: rounded(0.05) },
  { of: 'how far back runs are read', decided: () => `${LOSSES_LOOK_BACK_MS / 3_600_000} h`, due: '72 h' },
  rate(0, 0, 0.05),
  rate(10, 0, 0.025),
  rate(0, 1, 0.15),
  rate(90, 4.5, 0.05),
  wasted(undefined, 120, 120),
  wasted(119, 120, 120),
  wasted(120, 120, 120),
  wasted(122, 120, 181),
  wasted(3_600, 120, 1_920),
  wasted(100, 0, 170),
  useful(0, 0.5, 1),
  useful(0.5, 0.5, 0.75),
  useful(1.96, 0.5, 0.02),
  useful(1.98, 0.5, 0.02),
  useful(40, 2, 0.02),
];

/** What a fleet's own machines say of a pool. */
export const lossesLearned: DecisionTable = {
  name: 'losses of a pool and what they waste',
  promise: 'M1',
  tryAll: () => triedTogether(compareDecisions(combinationsOf(CASES), decided, expected), compareTold(TOLD)),
};
