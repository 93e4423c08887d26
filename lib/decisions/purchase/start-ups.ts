import { isSameChoice, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** When a machine was first seen to have worked: how long it had run, and how much of the work told of it had done. */
export interface FirstWork {
  readonly ranSeconds: number;
  readonly doneSeconds: number;
}

/** What a job has seen of its own start-ups: the estimate that it was given may be wrong. */
export interface StartUps {
  /** The longest that was seen whole on earlier machines, in seconds. */
  readonly longestSeconds: number | undefined;
  /** The machine that runs: for how long, the work that was left when it was launched, and its first work. */
  readonly ranSeconds: number;
  readonly workLeftAtLaunchSeconds: number;
  readonly firstWork: FirstWork | undefined;
}

export const noStartUps = ({ workLeftSeconds }: PurchaseView): StartUps => ({
  longestSeconds: undefined,
  ranSeconds: 0,
  workLeftAtLaunchSeconds: workLeftSeconds,
  firstWork: undefined,
});

/** Until a start-up was seen whole, the deadline is guarded as if it took so many times its estimate. */
const DOUBT = 2;
/** More than so many times the estimate is no start-up but work whose length was misjudged. */
const BELIEVED = 4;

/** Of the machine that runs; nothing until it has worked and the pace is known at which it does. */
const secondsSeen = ({ firstWork }: StartUps, pace: number | undefined, estimate: number): number | undefined => {
  if (firstWork === undefined || pace === undefined) return undefined;
  const seconds = firstWork.ranSeconds - firstWork.doneSeconds / pace;
  return seconds >= 0 && seconds <= BELIEVED * estimate ? seconds : undefined;
};

const longest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

/** Another machine, or none: what the last one showed is kept. */
const relaunched = (startUps: StartUps, pace: number | undefined, view: PurchaseView): StartUps => ({
  longestSeconds: longest(startUps.longestSeconds, secondsSeen(startUps, pace, view.changeoverSeconds)),
  ranSeconds: 0,
  workLeftAtLaunchSeconds: view.workLeftSeconds,
  firstWork: undefined,
});

/** What is known once the machine chosen a moment ago has run until now. `pace` as in `pace.ts`, nothing until it is learned. */
export const afterRunning = (
  startUps: StartUps,
  chosen: PurchaseChoice,
  ran: number,
  pace: number | undefined,
  view: PurchaseView,
): StartUps => {
  if (chosen.kind === 'idle' || !isSameChoice(chosen, view.running)) return relaunched(startUps, pace, view);
  const ranSeconds = startUps.ranSeconds + ran;
  const doneSeconds = startUps.workLeftAtLaunchSeconds - view.workLeftSeconds;
  const seen = doneSeconds > 0 ? { ranSeconds, doneSeconds } : undefined;
  return { ...startUps, ranSeconds, firstWork: startUps.firstWork ?? seen };
};

/** A choice other than what runs is a launch: its start-up is counted from here. */
export const afterChoosing = (
  startUps: StartUps,
  pace: number | undefined,
  view: PurchaseView,
  choice: PurchaseChoice,
): StartUps => (isSameChoice(choice, view.running) ? startUps : relaunched(startUps, pace, view));

/** The estimate is kept unless what was seen differs from it by more than this share: values stay comparable. */
const LIKE_ESTIMATE = 0.1;

const learnedSeconds = (seen: number | undefined, estimate: number): number =>
  seen === undefined || Math.abs(seen - estimate) <= LIKE_ESTIMATE * estimate ? estimate : seen;

/** The view with the start-up that the job itself has seen in place of the estimate. */
export const withLearnedStartUp = (startUps: StartUps, pace: number | undefined, view: PurchaseView): PurchaseView => {
  const { ranSeconds, firstWork } = startUps;
  const seen = longest(startUps.longestSeconds, secondsSeen(startUps, pace, view.changeoverSeconds));
  const changeoverSeconds = learnedSeconds(seen, view.changeoverSeconds);
  const changeoverSecondsMax = Math.max(seen ?? DOUBT * view.changeoverSeconds, view.changeoverSecondsMax ?? 0);
  const leftOf = (seconds: number): number =>
    firstWork === undefined && view.running.kind !== 'idle' ? Math.max(0, seconds - ranSeconds) : 0;
  return {
    ...view,
    changeoverSeconds,
    changeoverLeftSeconds:
      changeoverSeconds === view.changeoverSeconds ? view.changeoverLeftSeconds : leftOf(changeoverSeconds),
    changeoverSecondsMax,
    changeoverLeftSecondsMax: leftOf(changeoverSecondsMax),
  };
};
