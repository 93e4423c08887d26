import { isSameChoice, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** What a job has seen of its own start-ups: the estimate that it was given may be wrong. */
export interface StartUps {
  /** The longest that was seen whole, in seconds; nothing until a machine has done its first work. */
  readonly longestSeconds: number | undefined;
  /** The machine that runs: for how long, and the work that was left when it was launched. */
  readonly ranSeconds: number;
  readonly workLeftAtLaunchSeconds: number;
}

export const noStartUps = ({ workLeftSeconds }: PurchaseView): StartUps => ({
  longestSeconds: undefined,
  ranSeconds: 0,
  workLeftAtLaunchSeconds: workLeftSeconds,
});

/** Until a start-up was seen whole, the deadline is guarded as if it took so many times its estimate. */
const DOUBT = 2;
/** More than so many times the estimate is no start-up but work whose length was misjudged. */
const BELIEVED = 4;

/** What is known once the machine chosen a moment ago has run until now. */
export const afterRunning = (startUps: StartUps, chosen: PurchaseChoice, ran: number, view: PurchaseView): StartUps => {
  if (chosen.kind === 'idle' || !isSameChoice(chosen, view.running)) {
    return { ...startUps, ranSeconds: 0, workLeftAtLaunchSeconds: view.workLeftSeconds };
  }
  const ranSeconds = startUps.ranSeconds + ran;
  const done = startUps.workLeftAtLaunchSeconds - view.workLeftSeconds;
  const seconds = ranSeconds - done;
  const isSeen = done > 0 && seconds >= 0 && seconds <= BELIEVED * view.changeoverSeconds;
  const longestSeconds = isSeen ? Math.max(startUps.longestSeconds ?? 0, seconds) : startUps.longestSeconds;
  return { ...startUps, ranSeconds, longestSeconds };
};

/** A choice other than what runs is a launch: its start-up is counted from here. */
export const afterChoosing = (startUps: StartUps, view: PurchaseView, choice: PurchaseChoice): StartUps =>
  isSameChoice(choice, view.running)
    ? startUps
    : { ...startUps, ranSeconds: 0, workLeftAtLaunchSeconds: view.workLeftSeconds };

/** The estimate is kept unless what was seen differs from it by more than this share: values stay comparable. */
const LIKE_ESTIMATE = 0.1;

const learnedSeconds = ({ longestSeconds }: StartUps, estimate: number): number =>
  longestSeconds === undefined || Math.abs(longestSeconds - estimate) <= LIKE_ESTIMATE * estimate
    ? estimate
    : longestSeconds;

/** The view with the start-up that the job itself has seen in place of the estimate. */
export const withLearnedStartUp = (startUps: StartUps, view: PurchaseView): PurchaseView => {
  const { longestSeconds, ranSeconds, workLeftAtLaunchSeconds } = startUps;
  const changeoverSeconds = learnedSeconds(startUps, view.changeoverSeconds);
  const hasWorked = view.workLeftSeconds < workLeftAtLaunchSeconds;
  const left = hasWorked ? 0 : Math.max(0, changeoverSeconds - ranSeconds);
  const worst = longestSeconds === undefined ? DOUBT * view.changeoverSeconds : longestSeconds;
  return {
    ...view,
    changeoverSeconds,
    changeoverLeftSeconds: changeoverSeconds === view.changeoverSeconds ? view.changeoverLeftSeconds : left,
    changeoverSecondsMax: Math.max(worst, view.changeoverSecondsMax ?? 0),
  };
};
