/** Ready machines that a fleet lost together. */
export interface LossBurst {
  readonly atSeconds: number;
  readonly machines: number;
  readonly pools: ReadonlySet<string>;
}

/** When a fleet began, and what it has lost of late. */
export interface FleetLosses {
  readonly sinceSeconds: number;
  readonly bursts: readonly LossBurst[];
}

export const NO_LOSSES: FleetLosses = { sinceSeconds: 0, bursts: [] };

/** Machines of one pool go within three minutes of one another in more than 92 of 100 cases (Spot-and-Scoot, 2026). */
const BURST_SECONDS = 180;
const REMEMBERED_SECONDS = 12 * 3_600;

const recentOf = ({ bursts }: FleetLosses, nowSeconds: number): readonly LossBurst[] =>
  bursts.filter(({ atSeconds }) => nowSeconds - atSeconds < REMEMBERED_SECONDS);

const joined = (burst: LossBurst, lost: readonly string[]): LossBurst => ({
  ...burst,
  machines: burst.machines + lost.length,
  pools: new Set([...burst.pools, ...lost]),
});

/** The pool of each ready machine that was lost or warned just now. */
export const afterFleetLoss = (losses: FleetLosses, lost: readonly string[], nowSeconds: number): FleetLosses => {
  const recent = recentOf(losses, nowSeconds);
  const last = recent.at(-1);
  const isSameBurst = last !== undefined && nowSeconds - last.atSeconds <= BURST_SECONDS;
  const bursts = isSameBurst
    ? [...recent.slice(0, -1), joined(last, lost)]
    : [...recent, { atSeconds: nowSeconds, machines: lost.length, pools: new Set(lost) }];
  return { ...losses, bursts };
};

/**
 * How likely a loss is after so long a calm, in multiples of the rate that was learnt: it falls twentyfold within six
 * hours. The chances that spot is lost in the next ten minutes by its age, on eight pools of 2022 (.344, .219, .177,
 * .086, .061, .030, .018), each divided by .115.
 */
const LOSS_BY_CALM: readonly { readonly belowSeconds: number; readonly times: number }[] = [
  { belowSeconds: 600, times: 3 },
  { belowSeconds: 1_200, times: 1.9 },
  { belowSeconds: 2_400, times: 1.55 },
  { belowSeconds: 4_800, times: 0.75 },
  { belowSeconds: 9_600, times: 0.53 },
  { belowSeconds: 19_200, times: 0.26 },
  { belowSeconds: Number.POSITIVE_INFINITY, times: 0.16 },
];

/** Belief before anything was seen, weighing as much as two hours seen: half a burst, each further machine less likely. */
const PRIOR_HOURS = 2;
const PRIOR_BURSTS = 0.5;
const PRIOR_NEXT_MACHINE = 0.6;

const HOUR_SECONDS = 3_600;

/** Bursts an hour, at this moment, that take more than so many machines. */
export const burstRate = (losses: FleetLosses, beyondMachines: number, nowSeconds: number): number => {
  const recent = recentOf(losses, nowSeconds);
  const seenHours = Math.min(REMEMBERED_SECONDS, nowSeconds - losses.sinceSeconds) / HOUR_SECONDS;
  const calmSeconds = nowSeconds - (recent.at(-1)?.atSeconds ?? losses.sinceSeconds);
  const larger = recent.filter(({ machines }) => machines > beyondMachines).length;
  const { times } = LOSS_BY_CALM.find(({ belowSeconds }) => calmSeconds < belowSeconds)!;
  return (times * (larger + PRIOR_BURSTS * PRIOR_NEXT_MACHINE ** beyondMachines)) / (seenHours + PRIOR_HOURS);
};

export interface CoverTerms {
  readonly nowSeconds: number;
  /** How long a loss leaves the fleet short of a machine. */
  readonly uncoveredSeconds: number;
  /** Worth of an hour of a missing machine, in hours of an on-demand machine. */
  readonly shortHourWorth: number;
  /** Price of one more that stands by, as a share of the on-demand price. */
  readonly priceShare: number;
  readonly most: number;
}

/**
 * How many machines should stand by, ready beyond the fleet's size: as long as one more prevents more, at the worth of a
 * missing machine, than it costs (the newsvendor's rule).
 */
export const coverFor = (losses: FleetLosses, terms: CoverTerms): number => {
  const { nowSeconds, uncoveredSeconds, shortHourWorth, priceShare, most } = terms;
  const preventedByOne = (uncoveredSeconds / HOUR_SECONDS) * shortHourWorth;
  let cover = 0;
  while (cover < most && preventedByOne * burstRate(losses, cover, nowSeconds) >= priceShare) cover += 1;
  return cover;
};

/** Most machines that were lost of late went while others of other pools did: a pool is no cover for another. */
export const areLostTogether = ({ bursts }: FleetLosses): boolean => {
  const lost = bursts.reduce((sum, { machines }) => sum + machines, 0);
  const together = bursts.reduce((sum, { machines, pools }) => sum + (pools.size > 1 ? machines : 0), 0);
  return together * 2 > lost;
};
