import { type EventReader, oneSignal } from './aws-event.ts';

/**
 * A spot request was given a machine. Ours come from CreateFleet's answer; this only confirms them.
 *
 * ```json
 * {"version":"0","id":"01234567-1234-0123-1234-012345678901","detail-type":"EC2 Spot Instance Request Fulfillment",
 *  "source":"aws.ec2","account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-east-2",
 *  "resources":["arn:aws:ec2:us-east-2:123456789012:instance/i-1234567890abcdef0"],
 *  "detail":{"spot-instance-request-id":"sir-1a2b3c4d","instance-id":"i-1234567890abcdef0"}}
 * ```
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html)
 */
export const readSpotRequestFulfilment: EventReader<'spot-request-fulfilment'> = (event) =>
  oneSignal(event, 'instance-id', { kind: 'spot-request-fulfilment' });
