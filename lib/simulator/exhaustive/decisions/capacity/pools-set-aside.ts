import {
  afterGrant,
  afterReclaim,
  afterRefusal,
  isQuarantined,
  quarantineEnd,
} from '../../../../decisions/pool-memory.ts';
import type { PoolMemory } from '../../../../fleet/fleet.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = 1_800_000_000_000;

const EVENTS = { refused: afterRefusal, reclaimed: afterReclaim, given: afterGrant } as const;

type PoolEvent = keyof typeof EVENTS;

const KINDS = ['refused', 'reclaimed', 'given'] as const;

/** Seconds between one event and the next, and until the pool is looked at. */
const GAPS = {
  first: KINDS,
  gap: [100, 180, 3_600],
  second: KINDS,
  secondGap: [0, 359.999, 360, 3_599.999, 3_600],
  third: KINDS,
  lookedAtAfter: [0, 180, 360],
} as const;

type Case = CombinationOf<typeof GAPS>;

interface Happened {
  readonly event: PoolEvent;
  readonly seconds: number;
}

const eventsOf = ({ first, gap, second, secondGap, third }: Case): readonly Happened[] => [
  { event: first, seconds: 0 },
  { event: second, seconds: gap },
  { event: third, seconds: gap + secondGap },
];

const told = (isAside: boolean, endSeconds: number | undefined): string =>
  isAside ? `set aside until ${endSeconds!.toFixed(3)} s` : 'may be asked';

const atSecond = (seconds: number) => epochMs(NOW + Math.round(seconds * 1_000));

const learned = (events: readonly Happened[]): PoolMemory | undefined => {
  let memory: PoolMemory | undefined;
  for (const { event, seconds } of events) memory = EVENTS[event](memory, atSecond(seconds));
  return memory;
};

const toldOf = (memory: PoolMemory | undefined, seconds: number): string => {
  const end = quarantineEnd(memory);
  return told(isQuarantined(memory, atSecond(seconds)), end === undefined ? undefined : (end - NOW) / 1_000);
};

/**
 * Three minutes, doubled each time up to thirty. An hour after the last trouble it begins anew; reclaims while the pool is
 * set aside are one event; a machine given forgives everything but a reclaim of the last hour.
 */
const expectedOf = (events: readonly Happened[], lookedAt: number): string => {
  let times = 0;
  let refused = Number.NEGATIVE_INFINITY;
  let reclaimed = Number.NEGATIVE_INFINITY;
  const endOf = (): number => {
    const minutes = [0, 3, 6, 12, 24, 30][Math.min(times, 5)]!;
    return minutes === 0 ? Number.NEGATIVE_INFINITY : Math.max(refused, reclaimed) + 60 * minutes;
  };
  for (const { event, seconds } of events) {
    if (event === 'given') {
      if (seconds - reclaimed >= 3_600) times = 0;
      refused = Number.NEGATIVE_INFINITY;
      continue;
    }
    const isNews = event === 'refused' || seconds >= endOf();
    if (isNews) times = seconds - Math.max(refused, reclaimed) >= 3_600 ? 1 : times + 1;
    if (event === 'refused') refused = seconds;
    else reclaimed = seconds;
  }
  return told(lookedAt < endOf(), endOf());
};

const decided = (tried: Case): string => {
  const events = eventsOf(tried);
  return toldOf(learned(events), events.at(-1)!.seconds + tried.lookedAtAfter);
};

const expected = (tried: Case): string => {
  const events = eventsOf(tried);
  return expectedOf(events, events.at(-1)!.seconds + tried.lookedAtAfter);
};

const ROWS = { event: ['refused', 'reclaimed'], times: [1, 2, 3, 4, 5, 6, 9], late: [-0.001, 0] } as const;

type Row = CombinationOf<typeof ROWS>;

/** The same again and again, each just as the pool comes back: 3, 6, 12, 24, 30 and 30 minutes. */
const ends = [180, 540, 1_260, 2_700, 4_500, 6_300, 8_100, 9_900, 11_700];

const eventsInARow = ({ event, times }: Row): readonly Happened[] =>
  Array.from({ length: times }, (_, index) => ({ event, seconds: index === 0 ? 0 : ends[index - 1]! }));

const decidedInARow = (row: Row): string => toldOf(learned(eventsInARow(row)), ends[row.times - 1]! + row.late);

const expectedInARow = ({ times, late }: Row): string => told(late < 0, ends[times - 1]);

/** For how long a pool is not asked that refused or took machines back. */
export const poolsSetAside: DecisionTable = {
  name: 'a pool that is set aside',
  promise: 'O2',
  tryAll: () => {
    const threes = compareDecisions(combinationsOf(GAPS), decided, expected);
    const rows = compareDecisions(combinationsOf(ROWS), decidedInARow, expectedInARow);
    return { cases: threes.cases + rows.cases, differences: [...threes.differences, ...rows.differences] };
  },
};
