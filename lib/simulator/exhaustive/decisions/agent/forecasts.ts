import { type Forecast, forecastOf } from '../../../../decisions/remaining-time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { forecastByRule, type RuleForecast } from './forecast-rule.ts';

const CASES = {
  ranMs: [0, 1, 30_000, 99_999, 100_000, 599_999, 600_000, 900_000],
  toldLeftMs: [undefined, -1, 0, 1, 60_000, 3_600_000],
  queue: [
    undefined,
    { halfMs: 500_000, nineTenthsMs: 600_000 },
    { halfMs: 60_000, nineTenthsMs: 600_000 },
    // Alike to the millisecond, beside each other the wrong way, and of no length.
    { halfMs: 100_000, nineTenthsMs: 100_000 },
    { halfMs: 400_000, nineTenthsMs: 100_000 },
    { halfMs: 0, nineTenthsMs: 100_000 },
  ],
} as const;

type Case = CombinationOf<typeof CASES>;

const SPANS_MS = [-1, 0, 1, 30_000, 90_000, 600_000, 100_000_000] as const;

const told = (by: string, { medianMs, chanceWithin }: Pick<Forecast, 'medianMs' | 'chanceWithin'>): string => {
  const chances = SPANS_MS.map((ms) => chanceWithin(ms).toFixed(6));
  return `${by}, half of them within ${medianMs.toPrecision(9)} ms, ${chances.join(' ')}`;
};

const decided = ({ ranMs, toldLeftMs, queue }: Case): string => {
  const forecast = forecastOf({
    elapsedMs: ranMs,
    ...(toldLeftMs === undefined ? {} : { toldLeftMs }),
    ...(queue === undefined ? {} : { learned: { samples: 5, ...queue } }),
  });
  return told(forecast.source, forecast);
};

const expected = ({ ranMs, toldLeftMs, queue }: Case): string => {
  const known = {
    ranMs,
    ...(toldLeftMs === undefined ? {} : { toldLeftMs }),
    ...(queue === undefined ? {} : { queue }),
  };
  const forecast: RuleForecast = forecastByRule(known);
  return told(forecast.by, forecast);
};

/** How long a running task is believed to need, and with what chance it ends within a time. */
export const forecasts: DecisionTable = {
  name: 'what a running task still needs',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
