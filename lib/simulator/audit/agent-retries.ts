import type { EpochMs } from '../../fleet/time.ts';
import type { Judge } from './promises.ts';

/**
 * Pauses double, and the longest is 20 s. A result is tried nine times, and everything else six, so that few pauses are as
 * long as this; whoever asks the same for another reason begins with short ones.
 */
const LONG_PAUSE_MS = { least: 6_000, most: 25_000 };
const LONG_PAUSES_MAX = 4;

/** Whoever fails waits before it tries again: the service that refuses has no use for the same at once. */
const AT_ONCE_MAX = 4;

interface Failing {
  readonly times: number;
  readonly longPauses: number;
  readonly atOnce: number;
  readonly at: EpochMs;
}

const NEVER_FAILED: Failing = { times: 0, longPauses: 0, atOnce: 0, at: Number.NEGATIVE_INFINITY as EpochMs };

/** Repeating what fails is bounded, and gives the other side time (O2). Told of each failure and success of one process. */
export const watchRetries = (now: () => EpochMs, judge: Judge, name: string) => {
  const failing = new Map<string, Failing>();
  const said = new Set<string>();

  const say = (call: string, found: string): void => {
    if (said.has(call)) return;
    said.add(call);
    judge.say('O2', `${call} by ${name} ${found}`);
  };

  return {
    failed: (call: string): void => {
      const at = now();
      const last = failing.get(call) ?? NEVER_FAILED;
      const pauseMs = at - last.at;
      const times = pauseMs <= LONG_PAUSE_MS.most ? last.times + 1 : 1;
      const isLong = pauseMs >= LONG_PAUSE_MS.least && pauseMs <= LONG_PAUSE_MS.most;
      const longPauses = isLong ? last.longPauses + 1 : 0;
      const atOnce = pauseMs === 0 ? last.atOnce + 1 : 1;
      failing.set(call, { times, longPauses, atOnce, at });
      if (atOnce >= AT_ONCE_MAX) say(call, `fails, and is repeated ${atOnce} times at once`);
      if (longPauses > LONG_PAUSES_MAX) say(call, `has failed ${times} times in a row, and is repeated`);
    },
    succeeded: (call: string): void => void failing.delete(call),
  };
};
