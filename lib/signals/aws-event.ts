import { isInstanceId } from '../fleet/ids.ts';
import type { Signal, SignalKind } from '../fleet/signal.ts';
import { addMs, type EpochMs } from '../fleet/time.ts';
import { isObject, type JsonObject } from './bounded-json.ts';
import { isoInstant } from './instant.ts';
import { type ClaimedOrigin, isAccountId, isRegionName } from './origin.ts';
import { described } from './printable.ts';

/** What AWS says happened, as far as it is the same for every event. `version` and `resources` are never read. */
export interface AwsEvent {
  readonly id?: string;
  readonly source: string;
  readonly detailType: string;
  readonly at: EpochMs;
  readonly detail: JsonObject;
  readonly origin: ClaimedOrigin;
}

export type Unrecognised = { readonly kind: 'unrecognised'; readonly because: string };

/** What one file in this folder makes of an event's `detail`. `ignored` is understood, with nothing to act on. */
export type Reading<Kind extends SignalKind = SignalKind> =
  | { readonly kind: 'signals'; readonly signals: readonly (Signal & { readonly kind: Kind })[] }
  | { readonly kind: 'ignored'; readonly because: string }
  | Unrecognised;

export type EventReader<Kind extends SignalKind = SignalKind> = (event: AwsEvent) => Reading<Kind>;

/** AWS names at most this many machines in one event; more than that is somebody else's text. */
export const ENTITIES_MAX = 500;

/** Clocks differ by seconds; a day covers every replay and outage that AWS describes (reliability B29). */
const FUTURE_MS_MAX = 24 * 3_600_000;

const EVENT_ID = /^[\x21-\x7e]{1,128}$/;

export const unrecognised = (because: string): Unrecognised => ({ kind: 'unrecognised', because });

export const notAnInstanceId = (field: string, value: unknown): Unrecognised =>
  unrecognised(`${field} is ${described(value)}, not an instance id`);

/** An event about a single machine, named by `field` of its detail: most of them. */
export const oneSignal = <Kind extends SignalKind>(
  { at, detail }: AwsEvent,
  field: 'instance-id' | 'EC2InstanceId',
  signal: { readonly kind: Kind } & Partial<Pick<Signal, 'deadline' | 'action' | 'lifecycleAction'>>,
): Reading<Kind> => {
  const instanceId = detail[field];
  if (!isInstanceId(instanceId)) return notAnInstanceId(`detail.${field}`, instanceId);
  return { kind: 'signals', signals: [{ ...signal, instanceId, at }] };
};

/** The event's own time, which may be old (a replay, an outage) but not ahead of the receiver's clock by a day. */
export const eventTime = (value: unknown, now: EpochMs): EpochMs | Unrecognised => {
  const at = isoInstant(value);
  if (at === undefined) return unrecognised(`its time is ${described(value)}, not like 2026-01-01T00:00:00Z`);
  return at > addMs(now, FUTURE_MS_MAX) ? unrecognised('its time is more than a day in the future') : at;
};

/** Reads an EventBridge envelope (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html). */
export const readEnvelope = (value: JsonObject, now: EpochMs): AwsEvent | Unrecognised => {
  const { id, source, account, region, detail } = value;
  const detailType = value['detail-type'];
  if (typeof source !== 'string') return unrecognised(`its source is ${described(source)}`);
  if (typeof detailType !== 'string') return unrecognised(`its detail-type is ${described(detailType)}`);
  if (!isAccountId(account)) return unrecognised(`its account is ${described(account)}`);
  if (!isRegionName(region)) return unrecognised(`its region is ${described(region)}`);
  if (!isObject(detail)) return unrecognised(`its detail is ${described(detail)}`);
  const at = eventTime(value['time'], now);
  if (typeof at !== 'number') return at;
  const known = typeof id === 'string' && EVENT_ID.test(id) ? { id } : {};
  return { ...known, source, detailType, at, detail, origin: { account, region } };
};
