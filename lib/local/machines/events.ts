import { type EpochMs, toIso } from '../../fleet/time.ts';
import { ec2Arn } from '../ec2/identifiers.ts';
import { type AwsEvent, LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';

/** What EC2 puts on the default bus about a machine. Shapes: the EC2 user guide's pages named at each. */
const aboutInstance = (
  detailType: string,
  instanceId: string,
  detail: Readonly<Record<string, unknown>>,
): AwsEvent => ({
  source: 'aws.ec2',
  'detail-type': detailType,
  resources: [ec2Arn('instance', instanceId)],
  detail: { 'instance-id': instanceId, ...detail },
});

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html */
export const stateChangeEvent = (instanceId: string, state: string, at: EpochMs): AwsEvent => ({
  ...aboutInstance('EC2 Instance State-change Notification', instanceId, { state }),
  at,
});

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html; it carries no deadline. */
export const interruptionWarningEvent = (instanceId: string): AwsEvent =>
  aboutInstance('EC2 Spot Instance Interruption Warning', instanceId, { 'instance-action': 'terminate' });

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html */
export const rebalanceEvent = (instanceId: string): AwsEvent =>
  aboutInstance('EC2 Instance Rebalance Recommendation', instanceId, {});

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html */
export const spotFulfilmentEvent = (instanceId: string, spotRequestId: string): AwsEvent =>
  aboutInstance('EC2 Spot Instance Request Fulfillment', instanceId, { 'spot-instance-request-id': spotRequestId });

/** EC2's confirmation through CloudTrail that it took a spot machine: it comes after the fact and names no ARN. */
export const bidEvictedEvent = (instanceId: string, at: EpochMs): AwsEvent => ({
  source: 'aws.ec2',
  'detail-type': 'AWS Service Event via CloudTrail',
  resources: [],
  detail: {
    eventVersion: '1.08',
    userIdentity: { accountId: LOCAL_ACCOUNT, invokedBy: 'ec2.amazonaws.com' },
    eventTime: `${toIso(at).slice(0, 19)}Z`,
    eventSource: 'ec2.amazonaws.com',
    eventName: 'BidEvictedEvent',
    awsRegion: LOCAL_REGION,
    requestParameters: null,
    responseElements: null,
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: LOCAL_ACCOUNT,
    serviceEventDetails: { instanceIdSet: [instanceId] },
    eventCategory: 'Management',
  },
});
