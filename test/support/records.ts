import type { FleetState, Intent, Member } from '../../lib/fleet/fleet.ts';
import { ec2FleetId, fleetName, type InstanceId, instanceId, intentId, sessionId } from '../../lib/fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';

/** A fixed beginning for every test: 2026-01-01T00:00:00Z. */
export const START: EpochMs = epochMs(1_767_225_600_000);

export const atSecond = (seconds: number): EpochMs => epochMs(START + seconds * 1_000);

export const anInstanceId = (number = 1): InstanceId => instanceId(`i-${number.toString(16).padStart(17, '0')}`);

export const A_POOL: Pool = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' };

export const A_POLICY: DrainPolicy = { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' };

/** A machine that was launched at `START`, with an agent that is heard at `START`. */
export const aRecord = (changes: Partial<InstanceRecord> = {}): InstanceRecord => ({
  form: 1,
  instanceId: anInstanceId(),
  fleet: fleetName('index'),
  intentId: intentId('intent-1'),
  ec2FleetId: ec2FleetId('fleet-1'),
  pool: A_POOL,
  launchedAt: START,
  session: sessionId('session-1'),
  heartbeatAt: START,
  leases: {},
  signals: {},
  ...changes,
});

export const aMember = (number: number, changes: Partial<Member> = {}): Member => ({
  instanceId: anInstanceId(number),
  intentId: intentId('intent-1'),
  pool: A_POOL,
  launchedAt: START,
  ...changes,
});

export const anIntent = (changes: Partial<Intent> = {}): Intent => ({
  intentId: intentId('intent-1'),
  purchase: 'spot',
  count: 1,
  request: '{}',
  reason: 'a test',
  openedAt: START,
  ...changes,
});

export const aFleetState = (
  changes: Partial<FleetState['head']> = {},
  members: readonly Member[] = [],
): FleetState => ({
  head: { fleet: fleetName('index'), generation: 1, openIntents: {}, answered: {}, pools: {}, ...changes },
  members,
});
