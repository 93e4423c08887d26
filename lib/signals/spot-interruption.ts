import { INTERRUPTION_NOTICE_SECONDS } from '../fleet/limits.ts';
import type { InterruptionAction } from '../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type EventReader, oneSignal } from './aws-event.ts';

const ACTIONS: readonly InterruptionAction[] = ['terminate', 'stop', 'hibernate'];

/** An action that AWS may add one day still announces an end: the signal then carries none. */
export const interruptionAction = (value: unknown): InterruptionAction | undefined =>
  ACTIONS.find((action) => action === value);

/** Hibernation begins at once; the other actions leave two minutes, best effort. The event itself names no deadline. */
const deadlineAfter = (at: EpochMs, action: InterruptionAction | undefined): EpochMs =>
  action === 'hibernate' ? at : addMs(at, secondsToMs(INTERRUPTION_NOTICE_SECONDS));

/**
 * EC2 is about to take the machine.
 *
 * ```json
 * {"version":"0","id":"12345678-1234-1234-1234-123456789012","detail-type":"EC2 Spot Instance Interruption Warning",
 *  "source":"aws.ec2","account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-east-2",
 *  "resources":["arn:aws:ec2:us-east-2a:instance/i-1234567890abcdef0"],
 *  "detail":{"instance-id":"i-1234567890abcdef0","instance-action":"terminate"}}
 * ```
 * The ARN may carry a zone where the region belongs and no account; it is never read
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html).
 */
export const readSpotInterruption: EventReader<'spot-interruption'> = (event) => {
  const action = interruptionAction(event.detail['instance-action']);
  return oneSignal(event, 'instance-id', {
    kind: 'spot-interruption',
    deadline: deadlineAfter(event.at, action),
    ...(action && { action }),
  });
};
