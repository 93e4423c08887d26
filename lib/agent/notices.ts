import type { InterruptionAction, Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';
import { isoInstant, rfc1123Instant, zonedInstant } from '../signals/instant.ts';

/** What the machine itself can learn about its end; the agent adds its id and makes a `Signal` of it. */
export type MachineWarning = Omit<Signal, 'instanceId'>;

const ACTIONS: ReadonlyMap<unknown, InterruptionAction> = new Map(
  (['terminate', 'stop', 'hibernate'] as const).map((action) => [action, action]),
);

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

type Fields = Readonly<Record<string, unknown>>;

const asFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

/**
 * `spot/instance-action`: `{"action":"terminate","time":"2017-09-18T08:22:00Z"}`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html).
 * Hibernation begins at once, whatever the time says. An action that nobody knows ends the machine all the same.
 * `undefined` when the text is not such a notice (F63).
 */
export const parseInstanceAction = (text: string, now: EpochMs): MachineWarning | undefined => {
  const { action, time } = asFields(jsonOf(text));
  const deadline = zonedInstant(time);
  if (typeof action !== 'string' || deadline === undefined) return undefined;
  const known = ACTIONS.get(action);
  return {
    kind: 'spot-interruption',
    at: now,
    deadline: known === 'hibernate' ? now : deadline,
    ...(known === undefined ? {} : { action: known }),
  };
};

/** The action of a notice, when it is none that is known. */
export const unknownActionOf = (text: string): string | undefined => {
  const { action } = asFields(jsonOf(text));
  return typeof action === 'string' && !ACTIONS.has(action) ? action.slice(0, 40) : undefined;
};

/**
 * `spot/termination-time`: `2015-01-05T18:02:00Z`, the older form of a notice, which EC2 still keeps up (same page).
 * AWS warns that it may hold something that is no time, which then means nothing.
 */
export const parseTerminationTime = (text: string, now: EpochMs): MachineWarning | undefined => {
  const deadline = isoInstant(text.trim());
  return deadline === undefined ? undefined : { kind: 'spot-interruption', at: now, deadline, action: 'terminate' };
};

/**
 * `events/recommendations/rebalance`: `{"noticeTime":"2020-10-27T08:22:00Z"}`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html); it counts even when its time
 * cannot be read.
 */
export const parseRebalance = (text: string, now: EpochMs): MachineWarning | undefined => {
  const { noticeTime } = asFields(jsonOf(text));
  return noticeTime === undefined
    ? undefined
    : { kind: 'rebalance-recommendation', at: zonedInstant(noticeTime) ?? now };
};

const TARGET_STATES = /^(?:InService|Terminated|Detached|Standby|Warmed:(?:Hibernated|Running|Stopped|Terminated))$/;
const ENDING_STATES: readonly string[] = ['Terminated', 'Warmed:Terminated'];

/**
 * `autoscaling/target-lifecycle-state`: one word, the state that an Auto Scaling group wants its machine to be in
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html). With
 * `Terminated` the group is about to end it, and waits for its lifecycle hook if it has one; how long, nobody says here.
 * A machine that goes back to a warm pool is stopped, which it learns by SIGTERM.
 */
export const parseTargetState = (text: string, now: EpochMs): MachineWarning | 'no-warning' | undefined => {
  const state = text.trim();
  if (ENDING_STATES.includes(state)) return { kind: 'lifecycle-terminating', at: now };
  return TARGET_STATES.test(state) ? 'no-warning' : undefined;
};

/** One entry of the lists of scheduled and past events. */
export interface MaintenanceEvent {
  readonly eventId: string;
  /** Done or called off: nothing is to come of it. */
  readonly isOver: boolean;
  /** When it begins at the earliest. */
  readonly notBefore: EpochMs;
}

const OVER_STATES = new Set<unknown>(['completed', 'canceled', 'cancelled']);
const OVER_DESCRIPTION = /^\[(?:Completed|Cancell?ed)\]/i;

const maintenanceEvent = (entry: unknown): MaintenanceEvent | undefined => {
  const { EventId, Code, NotBefore, State, Description } = asFields(entry);
  const notBefore = rfc1123Instant(NotBefore) ?? zonedInstant(NotBefore);
  if (notBefore === undefined) return undefined;
  const isOver = OVER_STATES.has(State) || (typeof Description === 'string' && OVER_DESCRIPTION.test(Description));
  const eventId = typeof EventId === 'string' ? EventId : `${String(Code)} ${notBefore}`;
  return { eventId, isOver, notBefore };
};

export interface MaintenanceEvents {
  readonly events: readonly MaintenanceEvent[];
  /** Entries that could not be read. */
  readonly unreadable: number;
}

/**
 * `events/maintenance/scheduled`, and `events/maintenance/history` for what is over:
 *
 * ```json
 * [{"NotBefore":"21 Jan 2019 09:00:43 GMT","Code":"system-reboot","Description":"scheduled reboot",
 *   "EventId":"instance-event-0d59937288b749b32","NotAfter":"21 Jan 2019 09:17:23 GMT","State":"active"}]
 * ```
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instances-status-check_sched.html). The codes are
 * instance-reboot, system-reboot, system-maintenance, instance-retirement and instance-stop; each of them stops what
 * runs. `undefined` when the text is no list.
 */
export const parseMaintenance = (text: string): MaintenanceEvents | undefined => {
  const entries = jsonOf(text);
  if (!Array.isArray(entries)) return undefined;
  const events = entries.flatMap((entry) => maintenanceEvent(entry) ?? []);
  return { events, unreadable: entries.length - events.length };
};
