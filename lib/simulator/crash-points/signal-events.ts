import type { InstanceId } from '../../fleet/ids.ts';
import type { LifecycleAction } from '../../fleet/signal.ts';
import { type EpochMs, toIso } from '../../fleet/time.ts';
import type { Home } from '../../workflows/handle-signal-body.ts';

export const HOME: Home = { account: '123456789012', region: 'us-east-1' };

/** AWS's own examples of state changes have no version. */
const UNVERSIONED = 'EC2 Instance State-change Notification';

const TERMINATE_ACTION = 'EC2 Instance-terminate Lifecycle Action';

interface Told {
  readonly source: string;
  readonly detailType: string;
  readonly id: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

const envelope = (at: EpochMs, { source, detailType, id, resources, detail }: Told): string =>
  JSON.stringify({
    ...(detailType === UNVERSIONED ? {} : { version: '0' }),
    id,
    'detail-type': detailType,
    source,
    account: HOME.account,
    time: toIso(at),
    region: HOME.region,
    resources,
    detail,
  });

const instanceArn = (instanceId: InstanceId): string =>
  `arn:aws:ec2:${HOME.region}:${HOME.account}:instance/${instanceId}`;

/** What EC2 tells of one machine. */
const event = (detailType: string, at: EpochMs, instanceId: InstanceId, detail: object): string =>
  envelope(at, {
    source: 'aws.ec2',
    detailType,
    id: `${detailType} ${instanceId}`,
    resources: [instanceArn(instanceId)],
    detail: { 'instance-id': instanceId, ...detail },
  });

/** Bodies as EventBridge puts them on the signals queue. */
export const interruptionWarning = (instanceId: InstanceId, at: EpochMs): string =>
  event('EC2 Spot Instance Interruption Warning', at, instanceId, { 'instance-action': 'terminate' });

export const rebalanceRecommendation = (instanceId: InstanceId, at: EpochMs): string =>
  event('EC2 Instance Rebalance Recommendation', at, instanceId, {});

export const stateChange = (instanceId: InstanceId, at: EpochMs, state: string): string =>
  event(UNVERSIONED, at, instanceId, { state });

/** An Auto Scaling group is about to end the machine, and waits for a hook. */
export const terminateLifecycleAction = (instanceId: InstanceId, at: EpochMs, action: LifecycleAction): string =>
  envelope(at, {
    source: 'aws.autoscaling',
    detailType: TERMINATE_ACTION,
    id: `${TERMINATE_ACTION} ${instanceId}`,
    resources: [instanceArn(instanceId)],
    detail: {
      LifecycleActionToken: action.token,
      AutoScalingGroupName: action.autoScalingGroup,
      LifecycleHookName: action.hook,
      EC2InstanceId: instanceId,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    },
  });

/** CloudTrail's proof that EC2 took machines; one event may name several. */
export const bidEvicted = (instanceIds: readonly InstanceId[], at: EpochMs): string =>
  envelope(at, {
    source: 'aws.ec2',
    detailType: 'AWS Service Event via CloudTrail',
    id: `evicted ${instanceIds.join(' ')}`,
    resources: [],
    detail: {
      eventName: 'BidEvictedEvent',
      eventSource: 'ec2.amazonaws.com',
      serviceEventDetails: { instanceIdSet: instanceIds },
    },
  });

/** AWS Health tells of a maintenance that will retire machines, or of its end; its dates are those of mail headers. */
export const healthEvent = (
  instanceIds: readonly InstanceId[],
  at: EpochMs,
  about: { readonly eventId: string; readonly notBefore: EpochMs; readonly statusCode: 'upcoming' | 'closed' },
): string =>
  envelope(at, {
    source: 'aws.health',
    detailType: 'AWS Health Event',
    id: `${about.eventId} ${about.statusCode}`,
    resources: instanceIds,
    detail: {
      eventArn: `arn:aws:health:${HOME.region}::event/${about.eventId}`,
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
      eventTypeCategory: 'scheduledChange',
      startTime: new Date(about.notBefore).toUTCString(),
      statusCode: about.statusCode,
      eventRegion: HOME.region,
      affectedEntities: instanceIds.map((entityValue) => ({ entityValue })),
    },
  });

/** The owner of an interruptible capacity reservation wants it back: the one warning that says when. */
export const capacityReservationWarning = (instanceId: InstanceId, at: EpochMs, endsAt: EpochMs): string =>
  event('EC2 Capacity Reservation Instance Interruption Warning', at, instanceId, {
    'instance-action': 'terminate',
    'instance-termination-time': toIso(endsAt),
  });

export const spotRequestFulfilment = (instanceId: InstanceId, at: EpochMs): string =>
  event('EC2 Spot Instance Request Fulfillment', at, instanceId, { 'spot-instance-request-id': 'sir-1a2b3c4d' });
