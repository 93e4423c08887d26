import { ec2FleetId, fleetName, instanceId, intentId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { runOf } from '../../../../money/run-of.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const LAUNCH = epochMs(1_800_000_000_000);

/** When each is said to have happened, in seconds after the launch; absent where nobody told. */
const CASES = {
  'bid-evicted': [undefined, 500],
  'terminated-by-request': [undefined, 300],
  'shut-down-by-itself': [undefined, 310],
  'spot-interruption': [undefined, 320],
  'state-shutting-down': [undefined, 600],
  'state-terminated': [undefined, 400, 700],
  'state-stopped': [undefined, 450],
  'rebalance-recommendation': [undefined, 200],
  'state-running': [undefined, 20],
} as const satisfies Partial<Record<SignalKind, readonly (number | undefined)[]>>;

type Case = CombinationOf<typeof CASES>;

const CLOSED_AFTER = 900;

const told = (
  from: number,
  to: number,
  endedBy: string,
  interruption: string,
  isRebalanced: boolean | undefined,
): string => `from ${from} s to ${to} s, ended by ${endedBy}, ${interruption}${isRebalanced ? ', rebalanced' : ''}`;

const decided = (tried: Case): string => {
  const signals = Object.fromEntries(
    Object.entries(tried).flatMap(([kind, seconds]) =>
      // Told and written down later than it happened: who is paid for it counts from when it happened.
      seconds === undefined
        ? []
        : [[kind, { at: addMs(LAUNCH, seconds * 1_000), recordedAt: addMs(LAUNCH, seconds * 1_000 + 7_000) }]],
    ),
  );
  const record: InstanceRecord = {
    form: 1,
    instanceId: instanceId('i-00000000000000001'),
    fleet: fleetName('explored'),
    intentId: intentId('intent'),
    ec2FleetId: ec2FleetId('fleet-1'),
    pool: { instanceType: 'm', zone: 'a', purchase: 'spot' },
    launchedAt: LAUNCH,
    leases: {},
    signals,
  };
  const run = runOf(record, addMs(LAUNCH, CLOSED_AFTER * 1_000));
  const seconds = (at: number): number => (at - LAUNCH) / 1_000;
  return told(seconds(run.launchedAt), seconds(run.endedAt), run.endedBy, run.interruption, run.rebalanced);
};

/** EC2's own word of an eviction first; then who asked for the end; only then a notice. The earliest end that was told. */
const expected = (tried: Case): string => {
  const wasWarned = tried['spot-interruption'] !== undefined;
  let endedBy = wasWarned ? 'ec2' : 'unknown';
  if (tried['shut-down-by-itself'] !== undefined) endedBy = 'itself';
  if (tried['terminated-by-request'] !== undefined) endedBy = 'us';
  if (tried['bid-evicted'] !== undefined) endedBy = 'ec2';
  const ends = [
    tried['bid-evicted'],
    tried['state-shutting-down'],
    tried['state-terminated'],
    tried['state-stopped'],
  ].filter((end) => end !== undefined);
  const unwarned = endedBy === 'ec2' ? 'unwarned' : 'none';
  return told(
    tried['state-running'] ?? 0,
    ends.length === 0 ? 900 : Math.min(...ends),
    endedBy,
    wasWarned ? 'warned' : unwarned,
    tried['rebalance-recommendation'] !== undefined,
  );
};

/** A machine's life as the ledger has it, by whatever was heard of its end. */
export const runsClosed: DecisionTable = {
  name: 'the run of a machine that is gone',
  promise: 'M2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
