import type { Member } from '../fleet/fleet.ts';
import type { Pool, Purchase } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import { type CapacityView, type LaunchOrder, usefulMembers } from './capacity-view.ts';
import type { WindowCourse } from './capacity-window.ts';
import { surgeMax, upgradeOrders } from './decide-upgrade.ts';
import { type Doubt, explainDoubts } from './doubtful.ts';
import { explainPools } from './explain-pools.ts';
import { waitsForSpot } from './spot-away.ts';
import type { FleetMarket } from './spot-market.ts';
import { spreadOverZones } from './spread.ts';
import { worthReplacing } from './worth-replacing.ts';

const order = (purchase: Purchase, count: number, pools: readonly Pool[], reason: string): LaunchOrder[] =>
  count > 0 && pools.length > 0 ? [{ purchase, count, pools, reason }] : [];

export interface Counts {
  readonly wanted: number;
  readonly had: number;
  readonly hadOnDemand: number;
}

/** What is decided from: everything read, counted and judged once. */
export interface Situation {
  readonly view: CapacityView;
  readonly counts: Counts;
  readonly market: FleetMarket;
  readonly doubts: readonly Doubt[];
  readonly dear: readonly Member[];
  readonly course: WindowCourse;
  /** The fleet file's minimum, which a window does not change: so many run whether there is work or not. */
  readonly machinesKept: number;
  /** Since when spot has given nothing, where on demand stands in later than at once. */
  readonly spotAwaySince: EpochMs | undefined;
  readonly now: EpochMs;
}

const heldByZone = ({ view, now }: Situation): ReadonlyMap<string, number> => {
  const held = new Map<string, number>();
  for (const { pool } of usefulMembers(view, now)) held.set(pool.zone, (held.get(pool.zone) ?? 0) + 1);
  return held;
};

/** Machines on spot: one request for all of them, or one for each zone where the fleet is to be spread evenly. */
const spotOrders = (situation: Situation, count: number, reason: string): LaunchOrder[] => {
  const { view, market } = situation;
  const explained = [reason, explainPools(market.scores)].join('; ');
  if (view.policy.spotStrategy !== 'balanced') return order('spot', count, market.spot, explained);
  return spreadOverZones(count, market.spot, heldByZone(situation)).flatMap((share) =>
    order('spot', share.count, share.pools, explained),
  );
};

/** How many may be asked for to take others' place, within the surge of N3 and with what is there beyond wanted already. */
const surgeRoom = ({ counts }: Situation, replaced: number): number =>
  Math.min(replaced, surgeMax(counts.wanted)) - Math.max(0, counts.had - counts.wanted);

/** On-demand machines that are there beyond the base. One that has only been asked for may never come. */
const standIns = ({ view, counts, now }: Situation): readonly Member[] => {
  const onDemand = usefulMembers(view, now).filter(({ pool }) => pool.purchase === 'on-demand');
  return onDemand.slice(Math.min(view.policy.onDemandBase, counts.wanted));
};

/**
 * Spot is back: on-demand machines beyond the base are replaced, a quarter of the fleet at a time at most, as far as the new
 * ones find something to do. They are asked for before the old ones leave, which is the surge of N3.
 */
const returnOrders = (situation: Situation): LaunchOrder[] => {
  const replaced = standIns(situation);
  const reason = `spot is back for ${replaced.length} on-demand machines`;
  return spotOrders(situation, surgeRoom(situation, worthReplacing(situation, replaced)), reason);
};

/** Machines whose pool has become too dear are replaced in others, as far as the new ones find something to do. */
const moveOrders = (situation: Situation): LaunchOrder[] => {
  const { view, dear } = situation;
  const reason = `${dear.length} machines are in pools above ${view.policy.spotPercentMax} % of the on-demand price`;
  return spotOrders(situation, surgeRoom(situation, worthReplacing(situation, dear)), reason);
};

/** Replacements for machines that may be taken, asked for before they are. */
const earlyOrders = (situation: Situation): LaunchOrder[] =>
  spotOrders(
    situation,
    surgeRoom(situation, situation.doubts.length),
    `early replacements: ${explainDoubts(situation.doubts)}`,
  );

/**
 * Nothing is missing: machines that may be taken are replaced first, then on-demand machines by spot, then machines in dear
 * pools, and then those of an older version. One reason at a time, because all of them share one surge.
 */
const replacementOrders = (situation: Situation): LaunchOrder[] => {
  const { view, counts, market, now } = situation;
  const reasons = [
    () => earlyOrders(situation),
    () => returnOrders(situation),
    () => moveOrders(situation),
    () => upgradeOrders(view, usefulMembers(view, now), counts, { spot: market.spot, 'on-demand': market.onDemand }),
  ];
  for (const reason of reasons) {
    const orders = reason();
    if (orders.length > 0) return orders;
  }
  return [];
};

/** No spot pool may be asked: on demand stands in, within its limit, where and when the fleet file lets it. */
const fallbackOrders = (situation: Situation, count: number, asked: number, reason: string) => {
  const { view, counts, market, course, spotAwaySince, now } = situation;
  const { policy } = view;
  const { window } = course;
  if (!policy.onDemandFallback || waitsForSpot(view, spotAwaySince, now) !== undefined) return [];
  const room = Math.max(0, policy.onDemandMax - counts.hadOnDemand - asked);
  const careful = window.kind === 'none' ? '' : `, and no time to wait is known of: ${window.reason}`;
  const why = `${reason}; no spot pool may be asked: ${explainPools(market.scores)}${careful}`;
  return order('on-demand', Math.min(count, room), market.onDemand, why);
};

/** The on-demand base first, the rest on spot with what is likely to be lost next; on demand when no spot pool may be asked. */
export const decideOrders = (situation: Situation): LaunchOrder[] => {
  const { view, counts, market, doubts, course } = situation;
  const { window } = course;
  const missing = Math.max(0, counts.wanted - counts.had);
  if (missing === 0) return replacementOrders(situation);
  const { onDemandBase } = view.policy;
  const baseMissing = Math.min(missing, Math.max(0, Math.min(onDemandBase, counts.wanted) - counts.hadOnDemand));
  const why = window.kind === 'buy' ? window.reason : `on-demand base of ${onDemandBase}`;
  const base = order('on-demand', baseMissing, market.onDemand, why);
  const rest = missing - baseMissing;
  const asked = `${counts.wanted} wanted, ${counts.had} had`;
  if (market.spot.length === 0) return [...base, ...fallbackOrders(situation, rest, baseMissing, asked)];
  const early = surgeRoom(situation, doubts.length);
  const reason = early > 0 ? `${asked}, and early replacements: ${explainDoubts(doubts)}` : asked;
  return [...base, ...spotOrders(situation, rest + early, reason)];
};
