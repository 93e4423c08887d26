import { decideCapacity } from '../../../../decisions/decide-capacity.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { NOW, secondsAgo, tellPlan, viewOf } from './capacity-world.ts';

const CASES = {
  afterSeconds: [0, 600],
  /** Since when spot was thought to be away. */
  awayFor: [undefined, 599.999, 600],
  mayAskSpot: [false, true],
  /** Three are wanted. */
  onDemandThere: [2, 3],
  /** A machine that came before or after spot was thought to be away, or just then, and drains again. */
  given: ['nothing', 'before', 'just then', 'on demand after'],
  fallback: [false, true],
} as const;

type Case = CombinationOf<typeof CASES>;

const GIVEN_LATER: Readonly<Record<string, number>> = {
  before: -0.001,
  'just then': 0,
  'on demand after': 1,
};

const told = (awayFor: number | undefined, done: string): string =>
  `${awayFor === undefined ? 'not away' : `away for ${awayFor} s`}; ${done}`;

const decided = ({ afterSeconds, awayFor, mayAskSpot, onDemandThere, given, fallback }: Case): string => {
  const refused = { refusedAt: secondsAgo(mayAskSpot ? 180 : 100), strikes: 1 };
  const isOnDemand = given === 'on demand after';
  const view = viewOf({
    inFlight: 15,
    policy: {
      onDemandFallback: fallback,
      onDemandAfterSeconds: afterSeconds,
    },
    machines: [
      ...new Array(onDemandThere).fill({ purchase: 'on-demand', tasks: 1 }),
      ...(given === 'nothing'
        ? []
        : [
            {
              purchase: isOnDemand ? ('on-demand' as const) : ('spot' as const),
              upSeconds: (awayFor ?? 0) - GIVEN_LATER[given]!,
              isDraining: true,
            },
          ]),
    ],
    head: {
      pools: { 'm/a/spot': refused, 'm/b/spot': refused },
      ...(awayFor === undefined ? {} : { spotAwaySince: secondsAgo(awayFor) }),
    },
  });
  const plan = decideCapacity(view, NOW);
  const since = plan.spotAwaySince;
  return told(since === undefined ? undefined : (NOW - since) / 1_000, tellPlan(plan));
};

/**
 * The time begins when machines are missing and no spot pool may be asked. That one may be asked again changes nothing: only
 * a spot machine that was given since, or that none is missing any more, ends it.
 */
const expected = ({ afterSeconds, awayFor, mayAskSpot, onDemandThere, given, fallback }: Case): string => {
  if (onDemandThere === 3) return told(undefined, '');
  const isKept = afterSeconds > 0;
  const hasGiven = given === 'just then';
  const before = isKept && !hasGiven ? awayFor : undefined;
  const missing = 3 - onDemandThere;
  if (mayAskSpot) return told(before, `${missing} of m/a/spot m/b/spot`);
  const since = isKept ? (before ?? 0) : undefined;
  if (!fallback) return told(since, 'NoCapacity');
  return told(since, since === undefined || since >= 600 ? `${missing} of m/a/on-demand m/b/on-demand` : 'wait');
};

/** When on demand stands in for spot that gives nothing. */
export const spotWaitedFor: DecisionTable = {
  name: 'waiting a while for spot',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
