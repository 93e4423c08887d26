import { appendFileSync } from 'node:fs';
import { wallClock } from '../lib/clock/wall-clock.ts';
import { defineTask } from '../lib/worker/define-task.ts';

/** A task that is longer than any notice, and shows from outside how long it ran. */
export interface NoticeWork {
  readonly saves: boolean;
  /** Each look at the clock adds one line to this file: the instant in milliseconds. */
  readonly tracePath: string;
  readonly lookMs: number;
}

const clock = wallClock();
const SAVE_SECONDS = 60;

export default defineTask<NoticeWork>({
  name: 'notice',
  run: async (context, { saves, tracePath, lookMs }) => {
    let looks = 0;
    if (saves) context.checkpoint(() => ({ looks }), SAVE_SECONDS);
    // One that saves stops when it is asked to; the other knows nothing of that and runs until it is ended.
    while (!(saves && context.signal.aborted)) {
      appendFileSync(tracePath, `${clock.now()}\n`);
      looks += 1;
      await clock.sleep(lookMs);
    }
    context.signal.throwIfAborted();
  },
});
