import type { Attempt } from '../../../../agent/attempt.ts';
import { createLeaseWatch } from '../../../../agent/lease-watch.ts';
import { taskId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import {
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const CASES = {
  standing: [undefined, 3, 4],
  onTheItem: [undefined, 3, 4, 5],
  isStale: [true, false],
  isWatched: [true, false],
  beats: [1, 2],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ standing, onTheItem, isStale, isWatched, beats }: Case): string => {
  let looks = 0;
  const id = taskId('held');
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const leases = { standing: () => new Map(standing === undefined ? [] : [[id, standing]]) };
  const watch = createLeaseWatch(leases, log);
  const attempt = {
    row: { taskId: id, attempt: 4 },
    staleSignal: { aborted: isStale },
    lookAgain: () => {
      looks += 1;
      return NEVER_ANSWERED;
    },
  } as unknown as Attempt;
  const unwatch = watch.watch(attempt);
  if (!isWatched) unwatch();
  const item = { leases: onTheItem === undefined ? {} : { [id]: onTheItem } } as unknown as InstanceRecord;
  for (let beat = 0; beat < beats; beat += 1) watch.beforeBeat()(item);
  return `its row is read ${looks} times`;
};

/** A lease that stood before the beat and is gone, or another's, is a hint to read the row: once, until that is answered. */
const expected = ({ standing, onTheItem, isStale, isWatched }: Case): string =>
  `its row is read ${isWatched && !isStale && standing === 4 && onTheItem !== 4 ? 1 : 0} times`;

/** Whether an agent looks after a task whose lease is gone from its item. */
export const watchedLeases: DecisionTable = {
  name: 'a lease that may be gone',
  promise: 'W2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
