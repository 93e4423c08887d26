import { errorAt, warningAt } from './problem.ts';
import type { Rule } from './rule.ts';

/** For fleets that run another system's worker: what would be waited for in vain, or say nothing there. */
const whenSupervised =
  (rule: Rule): Rule =>
  (fleet, isWritten) =>
    isWritten('worker', 'supervise') ? rule(fleet, isWritten) : [];

/** Its tasks wait in that system. Without a queue to count in, machines are wanted only because the file says so. */
const somethingSaysHowMany = whenSupervised(({ mode, capacity }, isWritten) => {
  if (mode !== 'manage' || isWritten('queue', 'url') || capacity?.min !== 0 || capacity.max === 0) return [];
  const reason = 'is 0, and nothing tells how much work waits for a supervised program, so that none is ever launched';
  return [errorAt(['capacity', 'min'], reason, 'write at least 1, or name the queue it works on by queue.url and arn')];
});

const concurrencyIsItsOwn = whenSupervised((_fleet, isWritten) =>
  isWritten('worker', 'concurrency')
    ? [
        errorAt(
          ['worker', 'concurrency'],
          'stands beside supervise; that program decides itself how much it does at once',
          'remove it, and tell the program in its own command line',
        ),
      ]
    : [],
);

/** What the agent does with messages, which it never receives there. */
const OF_TAKEN_TASKS = ['taskIdPath', 'taskIdAttribute', 'maxFailures', 'retryDelaySeconds', 'visibilitySeconds'];

const queueIsNotTakenFrom = whenSupervised((_fleet, isWritten) =>
  OF_TAKEN_TASKS.filter((key) => isWritten('queue', key)).map((key) =>
    warningAt(['queue', key], 'says nothing to a supervised program, which takes its work itself', 'remove it'),
  ),
);

export const superviseRules: readonly Rule[] = [somethingSaysHowMany, concurrencyIsItsOwn, queueIsNotTakenFrom];
