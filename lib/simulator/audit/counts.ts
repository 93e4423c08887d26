import type { FleetState, Intent } from '../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../fleet/fleet-settings.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { Backlog } from '../../ports/queues.ts';
import { isAnnouncedToEnd } from './what-items-say.ts';

/** At most this share of the fleet is replaced at a time (N3). */
export const SURGE_SHARE = 1 / 4;

/** It can take work, or soon will; of one without an item nobody knows otherwise. */
export const isUseful = (record: InstanceRecord | undefined): boolean =>
  record === undefined ||
  (record.drainingAt === undefined &&
    record.goneAt === undefined &&
    record.signals.leave === undefined &&
    !isAnnouncedToEnd(record));

/** Only our own word sends it away, and its agent is heard: it can be called back (design, section 3). */
export const isRecallable = (
  record: InstanceRecord | undefined,
  isHeard: (record: InstanceRecord) => boolean,
): boolean => {
  if (record?.signals.leave === undefined) return false;
  const { leave: _leave, ...signals } = record.signals;
  return isUseful({ ...record, signals }) && isHeard(record);
};

/** Machines that an intent may still bring. */
export const outstandingOf = (intent: Intent, { members }: FleetState): number =>
  Math.max(0, intent.count - members.filter((member) => member.intentId === intent.intentId).length);

/** What a window adds to the backlog's wish depends on more than was read here: with one, the fleet's maximum is the bound. */
export const wantedOf = ({ waiting, inFlight, delayed }: Backlog, capacity: CapacityPolicy): number => {
  if (capacity.window !== undefined) return capacity.machinesMax;
  return Math.max(
    capacity.machinesMin,
    Math.min(capacity.machinesMax, Math.ceil((waiting + inFlight + delayed) / capacity.targetBacklog)),
  );
};
