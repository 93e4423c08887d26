import { type InstanceId, isInstanceId } from '../fleet/ids.ts';
import { ENTITIES_MAX, type EventReader, notAnInstanceId, unrecognised } from './aws-event.ts';
import { isObject } from './bounded-json.ts';
import { described } from './printable.ts';

const FIELD = 'serviceEventDetails.instanceIdSet';

/**
 * EC2 took these machines: CloudTrail's proof afterwards, whether or not there was a warning. Comes only to accounts with
 * a trail.
 *
 * ```json
 * {"version":"0","id":"…","detail-type":"AWS Service Event via CloudTrail","source":"aws.ec2","account":"123456789012",
 *  "time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{"eventVersion":"1.08",
 *  "userIdentity":{"accountId":"123456789012","invokedBy":"ec2.amazonaws.com"},"eventTime":"2026-01-01T00:00:00Z",
 *  "eventSource":"ec2.amazonaws.com","eventName":"BidEvictedEvent","awsRegion":"us-east-1",
 *  "eventType":"AwsServiceEvent","recipientAccountId":"123456789012",
 *  "serviceEventDetails":{"instanceIdSet":["i-1234567890abcdef0"]}}}
 * ```
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/finding-an-interrupted-Spot-Instance.html)
 */
export const readBidEvicted: EventReader<'bid-evicted'> = ({ at, detail }) => {
  if (detail['eventName'] !== 'BidEvictedEvent') return { kind: 'ignored', because: 'a service event of another name' };
  const details = detail['serviceEventDetails'];
  const ids = isObject(details) ? details['instanceIdSet'] : undefined;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > ENTITIES_MAX) {
    return unrecognised(`${FIELD} is ${described(ids)}; expected 1 to ${ENTITIES_MAX} ids`);
  }
  const stranger = ids.findIndex((id) => !isInstanceId(id));
  if (stranger >= 0) return notAnInstanceId(`${FIELD}[${stranger}]`, ids[stranger]);
  const instanceIds: readonly InstanceId[] = [...new Set(ids)];
  return { kind: 'signals', signals: instanceIds.map((instanceId) => ({ kind: 'bid-evicted', instanceId, at })) };
};
