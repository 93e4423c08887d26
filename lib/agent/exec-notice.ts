import { type EpochMs, toIso } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { RunFolder } from './exec-folder.ts';

/** What a command is told of its machine's end. */
export interface Notice {
  /** When it will be ended, where that is known. */
  readonly deadline: EpochMs | undefined;
  readonly reason: string;
}

const textOf = ({ deadline, reason }: Notice, now: EpochMs): string => {
  const told = deadline === undefined ? null : toIso(deadline);
  const secondsLeft = deadline === undefined ? null : Math.max(0, (deadline - now) / 1_000);
  return `${JSON.stringify({ deadline: told, secondsLeft, reason })}\n`;
};

/**
 * Writes the notice file, and again whenever something else is to be told: a deadline can come nearer. One write after
 * the other, so that the last one told is what stands there.
 */
export const createNoticeWriter = (folder: RunFolder, clock: Clock) => {
  let told: Notice | undefined;
  let last: Promise<void> = Promise.resolve();
  const writeIfNew = async (notice: Notice): Promise<void> => {
    if (told !== undefined && told.deadline === notice.deadline && told.reason === notice.reason) return;
    await folder.write('notice', textOf(notice, clock.now()));
    told = notice;
  };
  return (notice: Notice): Promise<void> => {
    const next = (): Promise<void> => writeIfNew(notice);
    last = last.then(next, next);
    return last;
  };
};
