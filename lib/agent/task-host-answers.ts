import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';

/** A host that does not answer for so long lets none of its tasks work. */
const ANSWER_SECONDS_MAX = 5;
/**
 * So many questions in a row without an answer, a minute of them, are more than a pause: each is waited for by itself, so
 * that a machine that stood still misses one of them at most.
 */
const UNANSWERED_MAX = 12;

/** Whether the code in a host lets other code in it work: the host answers a question as soon as it gets its turn. */
export interface HostAnswers {
  /** Asks once. Whoever asks while another waits shares the answer. */
  ask(): Promise<boolean>;
  /** The host has answered. */
  heard(): void;
  /** Asks again and again for as long as somebody is in the host. While it is watched already, nothing more is done. */
  watch(): void;
  /** It has answered nothing for a minute. */
  isBlocked(): boolean;
}

export interface HostAnswersOptions {
  /** Real time. */
  readonly wall: Clock;
  /** Aborted when the host has ended. */
  readonly over: AbortSignal;
  sendQuestion(): void;
  isInUse(): boolean;
  /** Called with each question without an answer, once it has been blocked for a minute. */
  onBlocked(): void;
}

export const createHostAnswers = (options: HostAnswersOptions): HostAnswers => {
  const { wall, over, sendQuestion, isInUse, onBlocked } = options;
  let answered = new AbortController();
  let unanswered = 0;
  let isWatched = false;
  const isBlocked = (): boolean => unanswered >= UNANSWERED_MAX;

  const ask = async (): Promise<boolean> => {
    if (answered.signal.aborted) answered = new AbortController();
    const { signal } = answered;
    sendQuestion();
    await wall.sleep(secondsToMs(ANSWER_SECONDS_MAX), AbortSignal.any([signal, over]));
    return signal.aborted;
  };

  const keepAsking = async (): Promise<void> => {
    isWatched = true;
    while (isInUse() && !over.aborted) {
      unanswered = (await ask()) ? 0 : unanswered + 1;
      if (isBlocked()) onBlocked();
      if (unanswered === 0) await wall.sleep(secondsToMs(ANSWER_SECONDS_MAX), over);
    }
    isWatched = false;
  };

  return {
    ask,
    heard: () => answered.abort(),
    watch: () => {
      if (!isWatched) void keepAsking();
    },
    isBlocked,
  };
};
