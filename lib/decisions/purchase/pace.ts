import { isSameChoice, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/**
 * How much of the work that a job is said to have left is done in a second of a working machine. 1 where the estimate of
 * the work is right, a half where half of it was told: the job learns it by watching what its machines really do.
 */
export interface Pace {
  /** Between one moment at which work was seen to be done and another: machine seconds, and the work told of. */
  readonly ranSeconds: number;
  readonly doneSeconds: number;
  /** Since the last such moment. */
  readonly openRanSeconds: number;
  readonly openDoneSeconds: number;
  /** The machine that runs has been seen to work. */
  readonly works: boolean;
}

export const NO_PACE: Pace = { ranSeconds: 0, doneSeconds: 0, openRanSeconds: 0, openDoneSeconds: 0, works: false };

/** What was told of as left, a moment ago and now. */
export interface Progress {
  readonly chosen: PurchaseChoice;
  readonly ranSeconds: number;
  readonly leftBeforeSeconds: number;
  readonly leftSeconds: number;
}

/** No machine has been seen to work since the last launch. */
const stopped = (pace: Pace): Pace => ({ ...pace, openRanSeconds: 0, openDoneSeconds: 0, works: false });

/** A choice other than what runs is a launch, which begins with a start-up. */
export const paceAfterChoosing = (pace: Pace, view: PurchaseView, choice: PurchaseChoice): Pace =>
  isSameChoice(choice, view.running) ? pace : stopped(pace);

/** Work may be seen in lumps, as tasks end: only whole ones are counted, from the end of one to the end of another. */
export const paceOn = (
  pace: Pace,
  { chosen, ranSeconds, leftBeforeSeconds, leftSeconds }: Progress,
  view: PurchaseView,
): Pace => {
  if (chosen.kind === 'idle' || !isSameChoice(chosen, view.running)) return stopped(pace);
  const done = leftBeforeSeconds - leftSeconds;
  if (!pace.works) return { ...pace, works: done > 0 };
  const open = { openRanSeconds: pace.openRanSeconds + ranSeconds, openDoneSeconds: pace.openDoneSeconds + done };
  if (open.openDoneSeconds <= 0) return { ...pace, ...open };
  return {
    ...NO_PACE,
    works: true,
    ranSeconds: pace.ranSeconds + open.openRanSeconds,
    doneSeconds: pace.doneSeconds + open.openDoneSeconds,
  };
};

/** Looks at a working machine after which its pace is believed. */
const TICKS_SEEN = 3;
/** Nothing is believed to be misjudged by more. */
const MISJUDGED_MOST = 8;

/** Work told of that is done in a second; nothing until it is learned. */
export const learnedPace = ({ ranSeconds, doneSeconds }: Pace, { tickSeconds }: PurchaseView): number | undefined =>
  ranSeconds < TICKS_SEEN * tickSeconds
    ? undefined
    : Math.min(MISJUDGED_MOST, Math.max(1 / MISJUDGED_MOST, doneSeconds / ranSeconds));

/** Until the pace is learned, the work may be so many times what was told. */
const DOUBT = 2;

/** The same where credit depends on it: until it is learned, what was done counts for the least that it may be. */
export const leastPaceOf = (pace: Pace, view: PurchaseView): number => learnedPace(pace, view) ?? DOUBT;

/**
 * Whether there is so much time that even twice the work could be done on demand. Only then is it kept possible: half an
 * estimate costs no deadline, and one that is right loses nothing where time is short anyway.
 */
export const hasRoomForDoubt = ({ workLeftSeconds, changeoverSeconds, secondsLeft }: PurchaseView): boolean =>
  DOUBT * workLeftSeconds + changeoverSeconds / DOUBT <= secondsLeft;

/** The view in seconds of a machine. What the caller says is the most stays the most. */
export const inMachineSeconds = (pace: Pace, hasRoom: boolean, view: PurchaseView): PurchaseView => {
  const learned = learnedPace(pace, view);
  const ratio = learned ?? 1;
  const workLeftSeconds = view.workLeftSeconds / ratio;
  const doubled = learned === undefined && hasRoom ? DOUBT * workLeftSeconds : 0;
  const workLeftSecondsMax = Math.max((view.workLeftSecondsMax ?? 0) / ratio, doubled);
  return { ...view, workLeftSeconds, workLeftSecondsMax };
};
