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

/** Dollars for one second of a machine in a tick; `undefined` where it cannot be had. */
const secondPrice = ({ rules, market, machines }: Programme, machine: number, tick: number): number | undefined => {
  if (machine === machines - 1) return rules.onDemandPrice / 3_600;
  return isAvailable(market, machine, tick) ? market.pools[machine]!.price[tick]! / 3_600 : undefined;
};

/**
 * Least cost from a tick's end on, by units of work done: one row for idling, then one for each machine and start-up
 * left. Rows of machines that cannot be had are the row for idling itself.
 */
type Values = Float64Array[];

const rowOf = ({ startUps }: Programme, machine: number, startUp: number): number =>
  1 + machine * startUps.length + startUp;

const emptyValues = ({ machines, startUps, unitsToDo }: Programme): Values =>
  Array.from({ length: 1 + machines * startUps.length }, () => {
    const row = new Float64Array(unitsToDo + 1).fill(Number.POSITIVE_INFINITY);
    row[unitsToDo] = 0;
    return row;
  });

/** What can have been done by a tick, and must have been for the deadline still to be possible; the ends included. */
interface Band {
  readonly least: number;
  readonly most: number;
}

const bandOf = ({ rules, unitsPerTick, unitsToDo }: Programme, tick: number): Band => ({
  least: Math.max(0, unitsToDo - (rules.deadlineTicks - tick) * unitsPerTick),
  most: Math.min(unitsToDo - 1, tick * unitsPerTick),
});

/** One tick of one machine that owes so much start-up. */
interface Step {
  readonly secondPrice: number;
  readonly paidUnits: number;
  /** The values after it. */
  readonly following: Float64Array;
}

const stepOf = (programme: Programme, next: Values, machine: number, price: number, owedUnits: number): Step => {
  const paidUnits = Math.min(owedUnits, programme.unitsPerTick);
  const left = owedUnits - paidUnits;
  const dies = left === 0 && programme.rules.isSpotDeadly === true && machine < programme.machines - 1;
  const row = dies ? 0 : rowOf(programme, machine, programme.startUps.indexOf(left));
  return { secondPrice: price, paidUnits, following: next[row]! };
};

/** Takes the step wherever it is better than what the row has: first where work is left after it, then where none is. */
const takeStep = (programme: Programme, row: Float64Array, step: Step, { least, most }: Band): void => {
  const { rules, unitSeconds, unitsPerTick, unitsToDo } = programme;
  const { paidUnits, following } = step;
  const worked = unitsPerTick - paidUnits;
  const firstToEnd = Math.max(least, unitsToDo - worked);
  const wholeTick = step.secondPrice * rules.tickSeconds;
  for (let done = least; done <= most && done < firstToEnd; done += 1) {
    const cost = wholeTick + following[done + worked]!;
    if (cost < row[done]!) row[done] = cost;
  }
  for (let done = firstToEnd; done <= most; done += 1) {
    const used = paidUnits * unitSeconds + rules.workSeconds - done * unitSeconds;
    const cost = step.secondPrice * (rules.billsWholeTicks ? rules.tickSeconds : used);
    if (cost < row[done]!) row[done] = cost;
  }
};

/** A row begins as another; below the band, where the tick before may look, the deadline is lost. */
const beginRow = (programme: Programme, row: Float64Array, from: Float64Array, { least, most }: Band): void => {
  row.fill(Number.POSITIVE_INFINITY, Math.max(0, least - programme.unitsPerTick), least);
  row.set(from.subarray(least, most + 1), least);
};

/** Writes what each state is worth at the start of a tick into `rows`, and answers which row stands for which state. */
const valuesBefore = (programme: Programme, next: Values, tick: number, rows: Values): Values => {
  const { machines, startUps, changeoverUnits } = programme;
  const band = bandOf(programme, tick);
  const fresh = rows[0]!;
  beginRow(programme, fresh, next[0]!, band);
  const values: Values = Array.from({ length: rows.length }, () => fresh);
  const prices = Array.from({ length: machines }, (_, machine) => secondPrice(programme, machine, tick));
  for (const [machine, price] of prices.entries()) {
    if (price !== undefined) takeStep(programme, fresh, stepOf(programme, next, machine, price, changeoverUnits), band);
  }
  for (const [machine, price] of prices.entries()) {
    if (price === undefined) continue;
    for (const [startUp, owed] of startUps.entries()) {
      const row = rows[rowOf(programme, machine, startUp)]!;
      beginRow(programme, row, fresh, band);
      takeStep(programme, row, stepOf(programme, next, machine, price, owed), band);
      values[rowOf(programme, machine, startUp)] = row;
    }
  }
  return values;
};

/** Dollars. @throws when the job cannot be done in time at all */
export const optimumCost = (market: Market, rules: JobRules): number => {
  const programme = programmeOf(market, rules);
  let values = emptyValues(programme);
  let spare = emptyValues(programme);
  let used = values;
  for (let tick = rules.deadlineTicks - 1; tick >= 0; tick -= 1) {
    values = valuesBefore(programme, values, tick, spare);
    [spare, used] = [used, spare];
  }
  const cost = values[0]![0]!;
  if (!Number.isFinite(cost)) throw new Error('This job cannot be done before its deadline, not even on demand.');
  return cost;
};
