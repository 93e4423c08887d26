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

/** Machines of one pool go within three minutes of one another in more than 92 of 100 cases (Spot-and-Scoot, 2026). */
const BURST_SECONDS = 180;
const REMEMBERED_SECONDS = 12 * 3_600;
/** A short time without losses says little; it is counted as if it had been this long. */
const LEAST_SECONDS = 6 * 3_600;

const joined = (burst: LossBurst, lost: readonly string[]): LossBurst => ({
  ...burst,
  machines: burst.machines + lost.length,
  pools: new Set([...burst.pools, ...lost]),
});

/** The pool of each ready machine that was lost or warned just now. */
export const afterFleetLoss = (losses: FleetLosses, lost: readonly string[], nowSeconds: number): FleetLosses => {
  const recent = losses.bursts.filter(({ atSeconds }) => nowSeconds - atSeconds < REMEMBERED_SECONDS);
  const last = recent.at(-1);
  const isSameBurst = last !== undefined && nowSeconds - last.atSeconds <= BURST_SECONDS;
  const bursts = isSameBurst
    ? [...recent.slice(0, -1), joined(last, lost)]
    : [...recent, { atSeconds: nowSeconds, machines: lost.length, pools: new Set(lost) }];
  return { ...losses, bursts };
};

/** Share of a full fleet's work that bursts like the recent ones cost when so many machines stand by. */
const lostShare = (
  losses: FleetLosses,
  standingBy: number,
  { workers, uncoveredSeconds, nowSeconds }: { workers: number; uncoveredSeconds: number; nowSeconds: number },
): number => {
  const recent = losses.bursts.filter(({ atSeconds }) => nowSeconds - atSeconds < REMEMBERED_SECONDS);
  const uncovered = recent.reduce((sum, { machines }) => sum + Math.max(0, machines - standingBy), 0);
  const seenSeconds = Math.min(REMEMBERED_SECONDS, Math.max(LEAST_SECONDS, nowSeconds - losses.sinceSeconds));
  return (uncovered * uncoveredSeconds) / (workers * seenSeconds);
};

/** The fewest machines that must stand by so that losses like the recent ones cost no more than this share of the work. */
export const hedgeFor = (
  losses: FleetLosses,
  allowedShare: number,
  at: { readonly workers: number; readonly uncoveredSeconds: number; readonly nowSeconds: number },
): number => {
  for (let standingBy = 0; standingBy < at.workers; standingBy += 1) {
    if (lostShare(losses, standingBy, at) <= allowedShare) return standingBy;
  }
  return at.workers;
};

/** Most machines that were lost of late went while others of other pools did: a pool is no cover for another. */
export const areLostTogether = ({ bursts }: FleetLosses): boolean => {
  const lost = bursts.reduce((sum, { machines }) => sum + machines, 0);
  const together = bursts.reduce((sum, { machines, pools }) => sum + (pools.size > 1 ? machines : 0), 0);
  return together * 2 > lost;
};
