import type { HazardModel, LearnedHazards } from '../../decisions/purchase/hazard-model.ts';
import { decodeRunLengths, type RunLengths } from '../run-length.ts';
import type { ReadTrace } from '../suites/suite.ts';
import { fitRegimes } from './fit-regimes.ts';
import type { Availability } from './stretches.ts';

/** The only file that anything is learned from: nine zones of 2023, none of which the single-pool suites score. */
export const TRAINING_FILE = 'frontiercs-cbl/nine_az_v100_prices_and_windows.json.gz';

interface TrainingFile {
  readonly gap_seconds: number;
  readonly availability_rle: Readonly<Record<string, RunLengths>>;
}

/** Regimes found by cross-validation over zones; more of them bring nothing on zones not seen. */
const REGIMES = 3;

/** Lengths of step that are fitted, in ticks of the file. */
const STEP_TICKS = [1, 2, 3, 6, 12, 18];

/**
 * Other pools live faster or slower than these zones: every step length is also taught what the zones look like at these
 * multiples of it.
 */
const PACES = [2 / 3, 1, 5 / 3, 8 / 3];

/** A coarser series can start at any of its ticks; so many starts are enough. */
const STARTS_MAX = 6;

const UNOBSERVED = -1;

const zonesOf = (file: TrainingFile): readonly Availability[] =>
  Object.values(file.availability_rle).map((runs) =>
    Array.from(decodeRunLengths(runs, UNOBSERVED), (value) => (value === UNOBSERVED ? undefined : value === 1)),
  );

/** Every so many ticks of each zone, from several starts. */
const coarser = (zones: readonly Availability[], ticks: number): readonly Availability[] => {
  const starts = Math.min(ticks, STARTS_MAX);
  return zones.flatMap((zone) =>
    Array.from({ length: starts }, (_, start) => {
      const first = Math.floor((start * ticks) / starts);
      return zone.filter((_value, tick) => tick % ticks === first);
    }),
  );
};

const pacesOf = (ticks: number): readonly number[] => [
  ...new Set(PACES.map((pace) => Math.max(1, Math.round(ticks * pace)))),
];

const rounded = (value: number): number => Number(value.toPrecision(4));

const roundedModel = ({ stepSeconds, regimes }: HazardModel): HazardModel => ({
  stepSeconds,
  regimes: regimes.map(({ entryShare, redrawChance, lossByAge, returnByAge }) => ({
    entryShare: rounded(entryShare),
    redrawChance: rounded(redrawChance),
    lossByAge: lossByAge.map(rounded),
    returnByAge: returnByAge.map(rounded),
  })),
});

/** Told after each length of step that was fitted. */
export type OnFitted = (done: number, all: number) => void;

/** Learns how spot comes and goes in these zones, which were looked at every so many seconds. */
export const fitZones = (
  zones: readonly Availability[],
  gapSeconds: number,
  onFitted: OnFitted = () => {},
  stepTicks: readonly number[] = STEP_TICKS,
): LearnedHazards => ({
  regimes: stepTicks.map((ticks, index) => {
    const series = pacesOf(ticks).flatMap((pace) => coarser(zones, pace));
    const model = roundedModel(fitRegimes(series, { regimes: REGIMES, stepSeconds: ticks * gapSeconds }));
    onFitted(index + 1, stepTicks.length);
    return model;
  }),
});

/** Learns from the training file alone; the same file gives the same hazards. */
export const fitHazards = (readTrace: ReadTrace, onFitted?: OnFitted): LearnedHazards => {
  const file = JSON.parse(readTrace(TRAINING_FILE)) as TrainingFile;
  return fitZones(zonesOf(file), file.gap_seconds, onFitted);
};
