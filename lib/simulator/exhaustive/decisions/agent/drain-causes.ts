import { createDrain } from '../../../../agent/drain.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

/** A cause with its deadline so many seconds from now, `again` for somebody who asks a second time, or nothing. */
const CAUSES = [undefined, 'again', -10, 60, 61] as const;

const CASES = { first: CAUSES, second: CAUSES, third: CAUSES } as const;

type Cause = (typeof CAUSES)[number];
type Case = { readonly [Name in keyof typeof CASES]: Cause };

const causesOf = ({ first, second, third }: Case): readonly Cause[] => [first, second, third];

const decided = (tried: Case): string => {
  const drain = createDrain();
  let told = 0;
  drain.onChange(() => {
    told += 1;
  });
  for (const [index, cause] of causesOf(tried).entries()) {
    const now = addMs(NOW, index);
    if (cause === 'again') drain.force();
    else if (cause !== undefined) drain.begin({ reason: `cause ${index}`, deadline: addMs(NOW, cause * 1_000), now });
  }
  const state = drain.state();
  if (state === undefined) return `no drain, pulls ${!drain.signal.aborted}, told ${told}`;
  const { since, deadline, reason, isForced } = state;
  return `since ${since - NOW}, over in ${(deadline - NOW) / 1_000}, ${reason}, forced ${isForced}, pulls ${!drain.signal.aborted}, told ${told}`;
};

/** It begins once and is never undone; it can only come nearer, and be asked for twice. */
const expected = (tried: Case): string => {
  const begun = causesOf(tried).findIndex((cause) => typeof cause === 'number');
  if (begun < 0) return 'no drain, pulls true, told 0';
  let nearest = Number.POSITIVE_INFINITY;
  let reason = '';
  let isForced = false;
  let told = 0;
  for (const [index, cause] of causesOf(tried).entries()) {
    if (typeof cause === 'number' && cause < nearest) {
      nearest = cause;
      reason = `cause ${index}`;
      told += 1;
    }
    if (cause === 'again' && index > begun && !isForced) {
      isForced = true;
      told += 1;
    }
  }
  return `since ${begun}, over in ${nearest}, ${reason}, forced ${isForced}, pulls false, told ${told}`;
};

/** The one drain of a machine, whoever asks for it and however often. */
export const drainCauses: DecisionTable = {
  name: 'a drain with several causes',
  promise: 'N5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
