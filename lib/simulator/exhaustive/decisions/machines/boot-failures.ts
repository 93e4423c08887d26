import { bootsFail } from '../../../../decisions/boots-fail.ts';
import { sessionId } from '../../../../fleet/ids.ts';
import { ATTACHED, type InstanceRecord } from '../../../../fleet/instance.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, recorded } from './told-machines.ts';

const WORKED = { session: sessionId('session-1'), heartbeatAt: inSeconds(-200) };

/** What became of a machine of the fleet. */
const FATES = {
  boots: {},
  works: WORKED,
  'ended by its own switch': { signals: recorded('shut-down-by-itself') },
  'given up by us after ten minutes': { launchedAt: inSeconds(-610), signals: recorded('operator-drain') },
  'sent away by us before that': { launchedAt: inSeconds(-609), signals: recorded('operator-drain') },
  'worked, and ended itself': { ...WORKED, signals: recorded('shut-down-by-itself') },
  'taken by EC2': { signals: { ...recorded('spot-interruption'), ...recorded('state-terminated') } },
  'ended by a person': { signals: recorded('terminated-by-request') },
  'of somebody else, ended itself': { intentId: ATTACHED, signals: recorded('shut-down-by-itself') },
} as const satisfies Record<string, Partial<InstanceRecord>>;

type Fate = keyof typeof FATES;

const ALL = Object.keys(FATES) as Fate[];

/** No machine, each one alone, and every two. */
function* cases(): Generator<readonly Fate[]> {
  yield [];
  for (const first of ALL) {
    yield [first];
    for (const second of ALL) yield [first, second];
  }
}

const decided = (fates: readonly Fate[]): string =>
  bootsFail(fates.map((fate) => ({ ...MACHINE, ...FATES[fate] }))) ? 'they rest' : 'they are replaced';

/** One of ours ended before its agent was heard, though EC2 did not take it, and none has shown that they can work. */
const expected = (fates: readonly Fate[]): string => {
  const canWork = fates.includes('works') || fates.includes('worked, and ended itself');
  const hasFailed = fates.includes('ended by its own switch') || fates.includes('given up by us after ten minutes');
  return hasFailed && !canWork ? 'they rest' : 'they are replaced';
};

/** Whether a fleet's machines end before they work. */
export const bootFailures: DecisionTable = {
  name: 'machines that end before they work',
  promise: 'O2',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
