/**
 * Happenings laid on top of the generated market, so that a demonstration or a scenario shows what it is about.
 * Everything scripted is printed and recorded as scripted: it is never passed off as the market's own doing.
 */
export type ScriptTarget =
  | 'oldest spot machine'
  | 'newest spot machine'
  | 'oldest spot machine that holds work'
  | 'every spot machine';

export type ScriptedHappening =
  | {
      /** Service time from the moment the script is applied. */
      readonly afterMs: number;
      readonly happening: 'warn' | 'rebalance' | 'kill-without-warning';
      readonly target: ScriptTarget;
    }
  | {
      readonly afterMs: number;
      /** No capacity in any pool for `durationMs`; every spot machine that runs is reclaimed, with a notice. */
      readonly happening: 'no-spot';
      readonly durationMs: number;
    }
  | {
      readonly afterMs: number;
      /** The pool of the oldest spot machine costs this share of its on-demand price for `durationMs`. */
      readonly happening: 'dear';
      readonly percentOfOnDemand: number;
      readonly durationMs: number;
    };

export type MarketScript = readonly ScriptedHappening[];

const minutesAndSeconds = (durationMs: number): string => {
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

const effectOf = (happening: ScriptedHappening): string => {
  switch (happening.happening) {
    case 'warn':
      return `${happening.target}: interruption notice, reclaimed two minutes later`;
    case 'rebalance':
      return `${happening.target}: rebalance recommendation`;
    case 'kill-without-warning':
      return `${happening.target}: killed without any warning`;
    case 'dear':
      return `the pool of the oldest spot machine costs ${happening.percentOfOnDemand} % of on demand for ${minutesAndSeconds(happening.durationMs)}`;
    case 'no-spot':
      return `no spot capacity in any pool for ${minutesAndSeconds(happening.durationMs)}; every spot machine is reclaimed with a notice`;
  }
};

/** One line for the summary of a run. */
export const describeHappening = (happening: ScriptedHappening): string =>
  `scripted, after ${minutesAndSeconds(happening.afterMs)}: ${effectOf(happening)}`;
