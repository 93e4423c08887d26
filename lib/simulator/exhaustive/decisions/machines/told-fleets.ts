import type { CapacityView } from '../../../../decisions/capacity-view.ts';
import type { Member } from '../../../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../../../fleet/fleet-settings.ts';
import { type InstanceId, instanceId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { exploredFleet } from '../../../explored-fleet.ts';
import { FLEET, MACHINE, POLICY } from './told-machines.ts';

export const memberOf = (record: InstanceRecord): Member => ({
  instanceId: record.instanceId,
  intentId: record.intentId,
  pool: record.pool,
  launchedAt: record.launchedAt,
});

const IDS = Array.from({ length: 20 }, (_, place) => instanceId(`i-${String(place + 1).padStart(8, '0')}`));

/** Machines told apart by their place among them. */
export const numbered = (all: readonly Partial<InstanceRecord>[]): readonly InstanceRecord[] =>
  all.map((one, place) => ({ ...MACHINE, ...one, instanceId: IDS[place]! }));

/** What is read of a fleet of these machines. */
export const viewOf = (
  records: readonly InstanceRecord[],
  policy: Partial<CapacityPolicy> = {},
  outdated: readonly InstanceId[] = [],
): CapacityView => ({
  state: {
    head: { fleet: FLEET, generation: 1, openIntents: {}, answered: {}, pools: {} },
    members: records.map(memberOf),
  },
  records: new Map(records.map((record) => [record.instanceId, record])),
  backlog: { waiting: 0, inFlight: 0, delayed: 0 },
  policy: exploredFleet(policy).capacity,
  drainPolicy: POLICY,
  outdated: new Set(outdated),
  makeIntent: () => {
    throw new Error('nothing is launched here');
  },
});
