import { type InstanceId, isInstanceId } from '../fleet/ids.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import {
  type AwsEvent,
  ENTITIES_MAX,
  type EventReader,
  notAnInstanceId,
  type Reading,
  unrecognised,
} from './aws-event.ts';
import { isObject, type JsonObject } from './bounded-json.ts';
import { isoInstant, rfc1123Instant } from './instant.ts';
import { described } from './printable.ts';

type Kind = 'scheduled-change' | 'scheduled-change-cancelled';

/** AWS announces maintenance weeks ahead; a start beyond a year is no announcement of theirs. */
const AHEAD_SECONDS_MAX = 366 * 24 * 3_600;

const OVER = new Set<unknown>(['closed', 'completed', 'cancelled', 'canceled', 'resolved']);
const CANCELLED_CODE = /_CANCELL?ED$/;

const isOver = (status: unknown): boolean => typeof status === 'string' && OVER.has(status.toLowerCase());

const isCancelled = ({ statusCode, eventTypeCode }: JsonObject): boolean =>
  isOver(statusCode) || (typeof eventTypeCode === 'string' && CANCELLED_CODE.test(eventTypeCode));

/** Hosts and volumes may stand among the machines; what only looks like a machine's id is nothing we can read. */
const looksLikeInstance = (value: unknown): boolean => typeof value !== 'string' || value.startsWith('i-');

interface Affected {
  readonly instanceId: InstanceId;
  readonly isOver: boolean;
}

const affectedOf = (entities: readonly unknown[]): readonly Affected[] | Reading<never> => {
  const affected = new Map<InstanceId, Affected>();
  for (const [index, entity] of entities.entries()) {
    const value = isObject(entity) ? entity['entityValue'] : undefined;
    if (isInstanceId(value)) {
      affected.set(value, { instanceId: value, isOver: isObject(entity) && isOver(entity['status']) });
    } else if (looksLikeInstance(value)) return notAnInstanceId(`affectedEntities[${index}].entityValue`, value);
  }
  return [...affected.values()];
};

const startOf = ({ at, detail }: AwsEvent): EpochMs | undefined => {
  const start = rfc1123Instant(detail['startTime']) ?? isoInstant(detail['startTime']);
  return start !== undefined && start <= addMs(at, secondsToMs(AHEAD_SECONDS_MAX)) ? start : undefined;
};

const signalsOf = (event: AwsEvent, affected: readonly Affected[]): Reading<Kind> => {
  const { at, detail } = event;
  const allOver = isCancelled(detail);
  const deadline = startOf(event);
  if (deadline === undefined && !allOver) return unrecognised(`detail.startTime is ${described(detail['startTime'])}`);
  return {
    kind: 'signals',
    signals: affected.map(({ instanceId, isOver }) =>
      allOver || isOver || deadline === undefined
        ? { kind: 'scheduled-change-cancelled', instanceId, at }
        : { kind: 'scheduled-change', instanceId, at, deadline },
    ),
  };
};

/**
 * AWS Health: a maintenance that will stop, restart or retire machines, or the end of that plan. One event may name many
 * machines; each is a signal of its own. `startTime` is written as in mail headers, not as ISO 8601.
 *
 * ```json
 * {"version":"0","id":"7fb65329-1628-4cf3-a740-95fg457h1402","detail-type":"AWS Health Event","source":"aws.health",
 *  "account":"123456789012","time":"2016-06-05T06:27:57Z","region":"us-east-1","resources":["i-12345678"],
 *  "detail":{"eventArn":"arn:aws:health:region::event/id","service":"EC2",
 *  "eventTypeCode":"AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED","eventTypeCategory":"scheduledChange",
 *  "startTime":"Sun, 05 Jun 2016 15:10:09 GMT","statusCode":"upcoming","eventRegion":"us-east-1",
 *  "affectedEntities":[{"entityValue":"i-12345678","tags":{"stage":"prod"}}]}}
 * ```
 * (https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html)
 */
export const readScheduledChange: EventReader<Kind> = (event) => {
  const { service, eventTypeCategory, affectedEntities } = event.detail;
  if (service !== 'EC2' || eventTypeCategory !== 'scheduledChange') {
    return { kind: 'ignored', because: 'a Health event that is no scheduled change of EC2' };
  }
  const entities = affectedEntities ?? [];
  if (!Array.isArray(entities) || entities.length > ENTITIES_MAX) {
    return unrecognised(`detail.affectedEntities is ${described(entities)}; expected at most ${ENTITIES_MAX}`);
  }
  const affected = affectedOf(entities);
  if ('kind' in affected) return affected;
  if (affected.length === 0) return { kind: 'ignored', because: 'it names no instance' };
  return signalsOf(event, affected);
};
