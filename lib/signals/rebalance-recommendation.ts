import { type EventReader, oneSignal } from './aws-event.ts';

/**
 * The machine is at a raised risk of being taken; often minutes before the warning, sometimes together with it, sometimes
 * followed by nothing.
 *
 * ```json
 * {"version":"0","id":"12345678-1234-1234-1234-123456789012","detail-type":"EC2 Instance Rebalance Recommendation",
 *  "source":"aws.ec2","account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-east-2",
 *  "resources":["arn:aws:ec2:us-east-2:123456789012:instance/i-1234567890abcdef0"],
 *  "detail":{"instance-id":"i-1234567890abcdef0"}}
 * ```
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html)
 */
export const readRebalanceRecommendation: EventReader<'rebalance-recommendation'> = (event) =>
  oneSignal(event, 'instance-id', { kind: 'rebalance-recommendation' });
