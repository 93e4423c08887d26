/**
 * Which pools a fleet request gets its machines from. Pure.
 *
 * AWS does not publish its ranking. Here `price-capacity-optimized` prefers pools that can give all that is asked for,
 * the cheapest first, and then the others by what they have; one request fills one pool before the next.
 */
import type { FleetOverride, OnDemandStrategy, SpotStrategy } from './fleet-request.ts';

/** An override made definite: one pool, with what it offers now. */
export interface Candidate {
  readonly override: FleetOverride;
  readonly configurationIndex: number;
  readonly instanceType: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly microUsdPerHour: number;
  readonly supply: Supply;
  /** Known before anything is tried: a wrong type, a price limit, a missing permission. */
  readonly refusal?: Refusal;
}

/** What a pool's machines are taken from: its own capacity for spot, the account's vCPU limit for on demand. */
export interface Supply {
  /** Candidates of one key draw on the same supply. */
  readonly key: string;
  readonly free: number;
  /** What one machine takes. */
  readonly each: number;
  /** What is answered when the supply does not suffice. */
  readonly shortfall: Refusal;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface Allocation {
  readonly grants: readonly { readonly candidate: Candidate; readonly count: number }[];
  readonly refusals: readonly { readonly candidate: Candidate; readonly refusal: Refusal }[];
}

type Rank = (candidate: Candidate, wanted: number) => readonly number[];

const machinesLeft = (candidate: Candidate, used = 0): number =>
  Math.max(0, Math.floor((candidate.supply.free - used) / candidate.supply.each));

const pricedByCapacity: Rank = (candidate, wanted) => {
  const left = machinesLeft(candidate);
  return left >= wanted ? [0, candidate.microUsdPerHour] : [1, -left];
};

const RANKS: Readonly<Record<SpotStrategy | OnDemandStrategy, Rank>> = {
  'price-capacity-optimized': pricedByCapacity,
  'capacity-optimized': (candidate) => [-machinesLeft(candidate), candidate.microUsdPerHour],
  'lowest-price': (candidate) => [candidate.microUsdPerHour],
  prioritized: (candidate) => [candidate.override.priority ?? Number.MAX_SAFE_INTEGER, candidate.microUsdPerHour],
};

const compareRanks = (one: readonly number[], other: readonly number[]): number => {
  const index = one.findIndex((value, at) => value !== other[at]);
  return index === -1 ? 0 : one[index]! - other[index]!;
};

const ranked = (candidates: readonly Candidate[], wanted: number, strategy: SpotStrategy | OnDemandStrategy) => {
  const rank = RANKS[strategy];
  return [...candidates].sort((one, other) => compareRanks(rank(one, wanted), rank(other, wanted)));
};

/** Pools are tried in the strategy's order until enough was granted; every pool that was tried and fell short is reported. */
export const allocate = (
  candidates: readonly Candidate[],
  wanted: number,
  strategy: SpotStrategy | OnDemandStrategy,
): Allocation => {
  const grants: { candidate: Candidate; count: number }[] = [];
  const refusals: { candidate: Candidate; refusal: Refusal }[] = [];
  const usedByKey = new Map<string, number>();
  let missing = wanted;
  for (const candidate of ranked(candidates, wanted, strategy)) {
    if (missing === 0) break;
    const { key, each, shortfall } = candidate.supply;
    const used = usedByKey.get(key) ?? 0;
    const count = candidate.refusal ? 0 : Math.min(missing, machinesLeft(candidate, used));
    if (count > 0) grants.push({ candidate, count });
    if (count < missing) refusals.push({ candidate, refusal: candidate.refusal ?? shortfall });
    usedByKey.set(key, used + count * each);
    missing -= count;
  }
  return { grants, refusals };
};
