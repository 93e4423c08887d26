import { countLosses, lossesOf } from '../../../../agent/losses.ts';
import { emptyTally } from '../../../../agent/tally.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const ENDED = epochMs(1_800_000_000_000);

/** All in milliseconds before the end of the run. */
const CASES = {
  started: [0, 40_001, 200_000],
  kept: [-5, 0, 1, 39_999, 200_000],
  notice: [
    undefined,
    { since: 110_000, until: 0 },
    { since: 110_000, until: -30_000 },
    { since: 110_000, until: 10_000 },
    { since: 20_000, until: -3_000 },
    { since: 20_000, until: 30_000 },
  ],
} as const;

type Case = CombinationOf<typeof CASES>;

const ago = (ms: number) => addMs(ENDED, -ms);

const decided = ({ started, kept, notice }: Case): string => {
  const losses = lossesOf({
    startedAt: ago(started),
    keptAt: ago(kept),
    endedAt: ENDED,
    ...(notice && { notice: { since: ago(notice.since), until: ago(notice.until) } }),
  });
  const tally = { ...emptyTally(), secondsLost: 0.1, secondsOfNoticeUsed: 0.2, secondsOfNoticeAvailable: 0.3 };
  countLosses(tally, losses);
  const { secondsLost, secondsOfNoticeUsed, secondsOfNoticeAvailable } = losses;
  const sums = [tally.secondsLost, tally.secondsOfNoticeUsed, tally.secondsOfNoticeAvailable];
  return `${secondsLost} lost, ${secondsOfNoticeUsed} of ${secondsOfNoticeAvailable} used; in all ${sums.join(' ')}`;
};

const seconds = (ms: number): number => Math.max(0, ms) / 1_000;

/** What was not kept is lost; of the notice counts what a task that was there could use, and it did until its end. */
const expected = ({ started, kept, notice }: Case): string => {
  const lost = seconds(kept);
  const withBefore = Number((lost + 0.1).toFixed(3));
  if (notice === undefined) return `${lost} lost, undefined of undefined used; in all ${withBefore} 0.2 0.3`;
  const began = Math.min(notice.since, started);
  const used = seconds(began - Math.max(0, notice.until));
  const available = seconds(began - notice.until);
  const sums = [used + 0.2, available + 0.3].map((sum) => Number(sum.toFixed(3)));
  return `${lost} lost, ${used} of ${available} used; in all ${[withBefore, ...sums].join(' ')}`;
};

/** What a task that is handed back has lost, and how much of its notice it has worked. */
export const lostTime: DecisionTable = {
  name: 'time that a hand-back has cost',
  promise: 'M2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
