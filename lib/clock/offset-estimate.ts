/**
 * How far the service's clock is ahead of this process's steady one, from the dates that the service puts on its
 * answers. All figures are milliseconds of real time.
 *
 * A date has whole seconds and is written between the request and its answer, so it allows an interval of offsets, not
 * one: the intervals of all answers are intersected, and the estimate is moved only when it lies outside, and then no
 * further than needed. The idea is Marzullo's (https://doi.org/10.1145/850726.850730) with one server.
 */
export interface OffsetRange {
  readonly leastMs: number;
  readonly mostMs: number;
}

export interface DatedAnswer {
  /** The header's date. */
  readonly dateMs: number;
  /** Steady times at which the request had been made and its answer had come. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

export interface OffsetEstimate {
  offsetMs(): number;
  /** `machineOffsetMs` is what the machine's own date makes of it, as a second opinion. */
  observe(answer: DatedAnswer, machineOffsetMs: number): void;
}

/** A date says the second it is in. */
const RESOLUTION_MS = 1_000;

/** Hosts behind one endpoint keep time to within milliseconds; this much is not yet a contradiction. */
const HOSTS_DIFFER_MS = 250;

/** Quartz drifts by some 50 millionths, and a time service may slew by 500 while it corrects that. */
const DRIFT_SHARE = 0.000_5;

/**
 * A server that was busy may send several answers with one old date. A contradiction is believed when an answer to a
 * request made so much later repeats it.
 */
const CONFIRMED_AFTER_MS = 1_000;

/** The offsets under which the date was read off the service's clock between request and answer. */
const rangeOf = ({ dateMs, sentAtMs, receivedAtMs }: DatedAnswer): OffsetRange => ({
  leastMs: dateMs - receivedAtMs,
  mostMs: dateMs + RESOLUTION_MS - sentAtMs,
});

const contradict = (one: OffsetRange, other: OffsetRange): boolean =>
  Math.max(one.leastMs - other.mostMs, other.leastMs - one.mostMs) > HOSTS_DIFFER_MS;

/** What both allow; where they miss each other by a little, what the later one allows. */
const merge = (earlier: OffsetRange, later: OffsetRange): OffsetRange => {
  const leastMs = Math.max(earlier.leastMs, later.leastMs);
  const mostMs = Math.min(earlier.mostMs, later.mostMs);
  return leastMs <= mostMs ? { leastMs, mostMs } : later;
};

const widen = ({ leastMs, mostMs }: OffsetRange, elapsedMs: number): OffsetRange => {
  const drift = Math.max(0, elapsedMs) * DRIFT_SHARE;
  return { leastMs: leastMs - drift, mostMs: mostMs + drift };
};

const isWithin = (offsetMs: number, range: OffsetRange): boolean =>
  !contradict({ leastMs: offsetMs, mostMs: offsetMs }, range);

interface Belief {
  readonly range: OffsetRange;
  readonly receivedAtMs: number;
}

export const createOffsetEstimate = (startMs: number): OffsetEstimate => {
  let offsetMs = startMs;
  let belief: Belief | undefined;
  let doubt: Belief | undefined;

  const believe = (range: OffsetRange, receivedAtMs: number): void => {
    belief = { range, receivedAtMs };
    doubt = undefined;
    if (!isWithin(offsetMs, range)) offsetMs = Math.min(Math.max(offsetMs, range.leastMs), range.mostMs);
  };

  const isConfirmed = (range: OffsetRange, { sentAtMs }: DatedAnswer, machineOffsetMs: number): boolean => {
    if (isWithin(machineOffsetMs, range)) return true;
    if (doubt === undefined || contradict(doubt.range, range)) return false;
    return sentAtMs - doubt.receivedAtMs >= CONFIRMED_AFTER_MS;
  };

  return {
    offsetMs: () => offsetMs,
    observe: (answer, machineOffsetMs) => {
      const range = rangeOf(answer);
      const { receivedAtMs } = answer;
      if (belief === undefined) return believe(range, receivedAtMs);
      const standing = widen(belief.range, receivedAtMs - belief.receivedAtMs);
      if (!contradict(standing, range)) return believe(merge(standing, range), receivedAtMs);
      if (isConfirmed(range, answer, machineOffsetMs)) return believe(range, receivedAtMs);
      if (doubt === undefined || contradict(doubt.range, range)) doubt = { range, receivedAtMs };
    },
  };
};
