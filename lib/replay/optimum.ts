import { isAvailable, type JobRules, type Market } from './job.ts';

/**
 * The least that one job can cost in a window when the whole of it is known beforehand: backward dynamic programming
 * over (tick, work done, what runs, start-up left). Work is counted in the largest unit that divides both a tick and the
 * changeover, so the answer is exact.
 */
interface Programme {
  readonly rules: JobRules;
  readonly market: Market;
  readonly unitSeconds: number;
  readonly unitsPerTick: number;
  readonly changeoverUnits: number;
  /** Units of work done at which the job is over; the last one may be used in part. */
  readonly unitsToDo: number;
  /** Start-ups that may be left at the end of a tick, in units; 0 first. */
  readonly startUps: readonly number[];
  /** Pools, then on-demand. */
  readonly machines: number;
}

const greatestDivisor = (one: number, other: number): number =>
  other === 0 ? one : greatestDivisor(other, one % other);

const startUpsLeft = (changeoverUnits: number, unitsPerTick: number): number[] => {
  const left = [0];
  for (let units = changeoverUnits - unitsPerTick; units > 0; units -= unitsPerTick) left.push(units);
  return left;
};

const programmeOf = (market: Market, rules: JobRules): Programme => {
  const unitSeconds = greatestDivisor(rules.tickSeconds, rules.changeoverSeconds);
  const unitsPerTick = rules.tickSeconds / unitSeconds;
  const changeoverUnits = rules.changeoverSeconds / unitSeconds;
  return {
    rules,
    market,
    unitSeconds,
    unitsPerTick,
    changeoverUnits,
    unitsToDo: Math.ceil(rules.workSeconds / unitSeconds),
    startUps: startUpsLeft(changeoverUnits, unitsPerTick),
    machines: market.pools.length + 1,
  };
};

/** Dollars for one second of a machine in a tick; `Infinity` where it cannot be had. */
const secondPrice = ({ rules, market, machines }: Programme, machine: number, tick: number): number => {
  if (machine === machines - 1) return rules.onDemandPrice / 3_600;
  return isAvailable(market, machine, tick) ? market.pools[machine]!.price[tick]! / 3_600 : Number.POSITIVE_INFINITY;
};

/** Least cost from the end of a tick on: one row for idling, then one for each machine and start-up left. */
type Values = readonly Float64Array[];

const rowOf = (programme: Programme, machine: number, startUp: number): number =>
  1 + machine * programme.startUps.length + startUp;

const valuesAtDeadline = ({ machines, startUps, unitsToDo }: Programme): Values =>
  Array.from({ length: 1 + machines * startUps.length }, () => {
    const values = new Float64Array(unitsToDo + 1).fill(Number.POSITIVE_INFINITY);
    values[unitsToDo] = 0;
    return values;
  });

/** What can have been done by a tick, and must have been for the deadline still to be possible; the ends included. */
interface Band {
  readonly least: number;
  readonly most: number;
}

const bandOf = ({ rules, unitsPerTick, unitsToDo }: Programme, tick: number): Band => ({
  least: Math.max(0, unitsToDo - (rules.deadlineTicks - tick) * unitsPerTick),
  most: Math.min(unitsToDo, tick * unitsPerTick),
});

/** The cost of a tick on one machine that owes so much start-up, followed by the best that can come after. */
const costOfTick = (
  programme: Programme,
  next: Values,
  machine: number,
  tick: number,
  owedUnits: number,
): Float64Array => {
  const { rules, unitSeconds, unitsPerTick, unitsToDo, startUps } = programme;
  const price = secondPrice(programme, machine, tick);
  const paid = Math.min(owedUnits, unitsPerTick);
  const worked = unitsPerTick - paid;
  const following = next[rowOf(programme, machine, startUps.indexOf(owedUnits - paid))]!;
  const costs = new Float64Array(unitsToDo + 1);
  const { least, most } = bandOf(programme, tick);
  for (let done = least; done <= Math.min(most, unitsToDo - 1); done += 1) {
    const leftSeconds = rules.workSeconds - done * unitSeconds;
    const used = Math.min(rules.tickSeconds, paid * unitSeconds + leftSeconds);
    const billed = rules.billsWholeTicks ? rules.tickSeconds : used;
    costs[done] = price * billed + following[Math.min(unitsToDo, done + worked)]!;
  }
  return costs;
};

const takeLesser = (target: Float64Array, other: Float64Array, { least, most }: Band): void => {
  for (let done = least; done <= most; done += 1) if (other[done]! < target[done]!) target[done] = other[done]!;
};

/** What each state is worth at the start of a tick, from what each is worth at its end. */
const valuesBefore = (programme: Programme, next: Values, tick: number): Values => {
  const { machines, startUps, changeoverUnits } = programme;
  const band = bandOf(programme, tick);
  const fresh = next[0]!.slice();
  for (let machine = 0; machine < machines; machine += 1) {
    if (Number.isFinite(secondPrice(programme, machine, tick))) {
      takeLesser(fresh, costOfTick(programme, next, machine, tick, changeoverUnits), band);
    }
  }
  const values = [fresh];
  for (let machine = 0; machine < machines; machine += 1) {
    const canStay = Number.isFinite(secondPrice(programme, machine, tick));
    for (const owed of startUps) {
      const best = fresh.slice();
      if (canStay) takeLesser(best, costOfTick(programme, next, machine, tick, owed), band);
      values.push(best);
    }
  }
  return values;
};

/** Dollars. @throws when the job cannot be done in time at all */
export const optimumCost = (market: Market, rules: JobRules): number => {
  const programme = programmeOf(market, rules);
  let values = valuesAtDeadline(programme);
  for (let tick = rules.deadlineTicks - 1; tick >= 0; tick -= 1) values = valuesBefore(programme, values, tick);
  const cost = values[0]![0]!;
  if (!Number.isFinite(cost)) throw new Error('This job cannot be done before its deadline, not even on demand.');
  return cost;
};
