import type { Signal, SignalKind } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';
import { type AwsEvent, type EventReader, readEnvelope, type Unrecognised, unrecognised } from './aws-event.ts';
import { readBidEvicted } from './bid-evicted.ts';
import { isObject, type JsonObject, readBoundedJson } from './bounded-json.ts';
import { readCapacityReservationInterruption } from './capacity-reservation-interruption.ts';
import { envelopeBareLifecycle, isBareLifecycle, LAUNCH_ACTION, readLifecycle, TERMINATE_ACTION } from './lifecycle.ts';
import { type ExpectedOrigin, refusalOf } from './origin.ts';
import { described } from './printable.ts';
import { readRebalanceRecommendation } from './rebalance-recommendation.ts';
import { readScheduledChange } from './scheduled-change.ts';
import { readSpotInterruption } from './spot-interruption.ts';
import { readSpotRequestFulfilment } from './spot-request-fulfilment.ts';
import { readStateChange } from './state-change.ts';

/** What a message of the signals queue turned out to be. `name` is AWS's detail-type, from the table below. */
export type ParsedBody =
  | {
      readonly kind: 'signals';
      readonly signals: readonly Signal[];
      readonly eventId?: string;
      readonly name: string;
    }
  /** Understood, and there is nothing to act on: acknowledge it. */
  | { readonly kind: 'ignored'; readonly name: string; readonly because: string }
  /** Nothing we can read: count it and leave it for the dead-letter queue. */
  | { readonly kind: 'unrecognised'; readonly because: string }
  /** Readable, but of another account or region: count it, act on nothing. */
  | { readonly kind: 'refused'; readonly because: string };

/** Everything AWS can tell us, once. A new event is a file in this folder and a line here. */
const EVENTS = [
  ['aws.ec2', 'EC2 Spot Instance Interruption Warning', readSpotInterruption],
  ['aws.ec2', 'EC2 Instance Rebalance Recommendation', readRebalanceRecommendation],
  ['aws.ec2', 'EC2 Instance State-change Notification', readStateChange],
  ['aws.ec2', 'EC2 Capacity Reservation Instance Interruption Warning', readCapacityReservationInterruption],
  ['aws.ec2', 'EC2 Spot Instance Request Fulfillment', readSpotRequestFulfilment],
  ['aws.ec2', 'AWS Service Event via CloudTrail', readBidEvicted],
  ['aws.health', 'AWS Health Event', readScheduledChange],
  ['aws.autoscaling', TERMINATE_ACTION, readLifecycle],
  ['aws.autoscaling', LAUNCH_ACTION, readLifecycle],
] as const satisfies readonly (readonly [source: string, detailType: string, read: EventReader])[];

/** Kinds that our own agents, reconciles and operators write; every other kind must come out of a line of the table. */
type OwnKind = 'machine-stopping' | 'operator-drain' | 'leave' | 'terminated-by-request' | 'shut-down-by-itself';
type KindRead<Read> = Read extends EventReader<infer Kind> ? Kind : never;
type KindWithoutReader = Exclude<SignalKind, OwnKind | KindRead<(typeof EVENTS)[number][2]>>;
type Holds<Claim extends true> = Claim;
/** Does not compile when a signal kind is added that no event can yield; the missing kind stands in the error. */
export type EveryKindHasAReader = Holds<[KindWithoutReader] extends [never] ? true : KindWithoutReader>;

const keyOf = (source: string, detailType: string): string => JSON.stringify([source, detailType]);

const READERS: ReadonlyMap<string, EventReader> = new Map(
  EVENTS.map(([source, detailType, read]) => [keyOf(source, detailType), read]),
);

const readEvent = (event: AwsEvent, expected: ExpectedOrigin): ParsedBody => {
  const { source, detailType: name } = event;
  const read = READERS.get(keyOf(source, name));
  if (read === undefined) return unrecognised(`no event we know: ${described(source)}, ${described(name)}`);
  const refusal = refusalOf(event, expected);
  if (refusal !== undefined) return { kind: 'refused', because: refusal };
  const reading = read(event);
  if (reading.kind === 'unrecognised') return reading;
  return { ...reading, name, ...(reading.kind === 'signals' && event.id !== undefined && { eventId: event.id }) };
};

const envelopeOf = (value: JsonObject, now: EpochMs): AwsEvent | Unrecognised =>
  isBareLifecycle(value) ? envelopeBareLifecycle(value, now) : readEnvelope(value, now);

/** SNS hands on a message as text inside its own JSON; a topic that feeds a topic is nothing we wrap twice for. */
const innerTextOf = (value: JsonObject): string | undefined => {
  const { Type, Message } = value;
  return Type === 'Notification' && typeof Message === 'string' ? Message : undefined;
};

const parseText = (text: string, expected: ExpectedOrigin, now: EpochMs, isInner: boolean): ParsedBody => {
  const json = readBoundedJson(text);
  if (!json.ok) return unrecognised(json.because);
  if (!isObject(json.value)) return unrecognised(`not an event but ${described(json.value)}`);
  const innerText = isInner ? undefined : innerTextOf(json.value);
  if (innerText !== undefined) return parseText(innerText, expected, now, true);
  const event = envelopeOf(json.value, now);
  return 'kind' in event ? event : readEvent(event, expected);
};

/**
 * What one message of the signals queue says. Pure, bounded and total: any text gets an answer within milliseconds.
 *
 * @param expected where the receiver lives; the hot path always names both.
 * @param now the receiver's clock, against which a time in the far future is seen.
 */
export const parseSignal = (body: string, expected: ExpectedOrigin, now: EpochMs): ParsedBody =>
  parseText(body, expected, now, false);
