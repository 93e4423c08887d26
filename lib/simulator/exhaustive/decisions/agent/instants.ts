import { addMs, epochMs, msUntil, secondsToMs, toIso } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

/** 2027-01-15T08:00:00Z */
const NOW = 1_800_000_000_000;

const CASES = {
  seconds: [-86_400, -0.001, 0, 0.001, 1, 59, 3_600],
  laterMs: [-1, 0, 1, 60_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const ISO: Readonly<Record<string, string>> = {
  '-86400': '2027-01-14T08:00:00.000Z',
  '-0.001': '2027-01-15T07:59:59.999Z',
  '0': '2027-01-15T08:00:00.000Z',
  '0.001': '2027-01-15T08:00:00.001Z',
  '1': '2027-01-15T08:00:01.000Z',
  '59': '2027-01-15T08:00:59.000Z',
  '3600': '2027-01-15T09:00:00.000Z',
};

const decided = ({ seconds, laterMs }: Case): string => {
  const instant = addMs(epochMs(NOW), secondsToMs(seconds));
  return `${toIso(instant)}, ${msUntil(instant, addMs(epochMs(NOW), laterMs))} ms from now`;
};

/** What is past is now: nobody waits for less than nothing. */
const expected = ({ seconds, laterMs }: Case): string => {
  const ms = seconds * 1_000 - laterMs;
  return `${ISO[String(seconds)]}, ${ms > 0 ? ms : 0} ms from now`;
};

/** Instants and durations, on which every deadline rests. */
export const instants: DecisionTable = {
  name: 'an instant so many seconds from now',
  promise: 'W4',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
