import { IMDS_BACK_OFF_SECONDS_MAX, IMDS_POLL_SECONDS } from '../fleet/limits.ts';
import { type NoticePorts, type NoticeSource, noticeSources } from './notice-sources.ts';
import type { MachineWarning } from './notices.ts';
import { doublingPauseMs } from './retry.ts';

export interface WatchOptions extends NoticePorts {
  /** A spot machine is asked 21 times a minute, any other one five times. */
  readonly isSpot: boolean;
  readonly signal: AbortSignal;
}

/**
 * The pause after `failures` looks in a row without an answer: doubled each time, up to the cap, and never shorter than
 * the source's own.
 */
export const watchPauseMs = (failures: number, everySeconds = IMDS_POLL_SECONDS): number =>
  doublingPauseMs(failures, everySeconds, Math.max(everySeconds, IMDS_BACK_OFF_SECONDS_MAX));

/** Complains of a metadata service that fails, not of each source that notices it. */
const createFailures = ({ log }: NoticePorts) => {
  const failing = new Set<NoticeSource>();
  return {
    answered: (source: NoticeSource): void => {
      if (failing.delete(source) && failing.size === 0) log.info('the metadata service answers again', {});
    },
    failed: (source: NoticeSource, error: unknown): void => {
      if (failing.size === 0) {
        log.warn('the metadata service does not answer', { path: source.path, error: String(error) });
      }
      failing.add(source);
    },
  };
};

/**
 * Looks at one source, in its own time, until aborted or told all. It never ends for an error: a metadata service that
 * fails says nothing about the future, and is asked again with a growing pause (rows A3, A14).
 */
const watchSource = async (
  source: NoticeSource,
  { clock, signal }: WatchOptions,
  failures: ReturnType<typeof createFailures>,
  tell: (warning: MachineWarning) => void,
): Promise<void> => {
  let failuresInARow = 0;
  while (!signal.aborted && !source.isExhausted()) {
    try {
      const warning = await source.look();
      failuresInARow = 0;
      failures.answered(source);
      if (warning !== undefined) tell(warning);
    } catch (error) {
      failuresInARow += 1;
      failures.failed(source, error);
    }
    await clock.sleep(watchPauseMs(failuresInARow, source.everySeconds), signal);
  }
};

/**
 * Every signal that the metadata service gives, until aborted. Each source has a loop of its own, so that one that fails
 * or hangs delays no other; none is dropped while whoever listens is busy (row A8).
 */
export async function* watchMachine(options: WatchOptions): AsyncGenerator<MachineWarning, void, void> {
  const told: MachineWarning[] = [];
  let wake = (): void => undefined;
  let hasEnded = false;
  const tell = (warning: MachineWarning): void => {
    told.push(warning);
    wake();
  };
  const failures = createFailures(options);
  const sources = noticeSources(options, options.isSpot);
  void Promise.all(sources.map((source) => watchSource(source, options, failures, tell))).then(() => {
    hasEnded = true;
    wake();
  });
  for (;;) {
    for (let warning = told.shift(); warning !== undefined; warning = told.shift()) yield warning;
    if (hasEnded) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
