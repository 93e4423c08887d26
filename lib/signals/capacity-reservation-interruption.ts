import { INTERRUPTION_NOTICE_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type AwsEvent, type EventReader, oneSignal, unrecognised } from './aws-event.ts';
import { isoInstant } from './instant.ts';
import { described } from './printable.ts';
import { interruptionAction } from './spot-interruption.ts';

const TERMINATION_TIME = 'instance-termination-time';
const NOTICE_SECONDS_MAX = 24 * 3_600;

const deadlineOf = ({ at, detail }: AwsEvent): EpochMs | undefined =>
  detail[TERMINATION_TIME] === undefined
    ? addMs(at, secondsToMs(INTERRUPTION_NOTICE_SECONDS))
    : isoInstant(detail[TERMINATION_TIME]);

/**
 * The owner of an interruptible capacity reservation wants it back. The one warning that carries its own deadline; AWS's
 * page shows `resources` as a single string.
 *
 * ```json
 * {"version":"0","id":"12345678-1234-1234-1234-123456789012",
 *  "detail-type":"EC2 Capacity Reservation Instance Interruption Warning","source":"aws.ec2","account":"123456789012",
 *  "time":"2026-01-01T00:00:00Z","resources":"arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0",
 *  "region":"us-east-1","detail":{"instance-id":"i-1234567890abcdef0","instance-action":"terminate",
 *  "instance-termination-time":"2026-01-01T00:02:00Z","azId":"use1-az1"}}
 * ```
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-interruptible-cr.html)
 */
export const readCapacityReservationInterruption: EventReader<'capacity-reservation-interruption'> = (event) => {
  const deadline = deadlineOf(event);
  if (deadline === undefined || deadline > addMs(event.at, secondsToMs(NOTICE_SECONDS_MAX))) {
    return unrecognised(`detail.${TERMINATION_TIME} is ${described(event.detail[TERMINATION_TIME])}`);
  }
  const action = interruptionAction(event.detail['instance-action']);
  return oneSignal(event, 'instance-id', {
    kind: 'capacity-reservation-interruption',
    deadline,
    ...(action && { action }),
  });
};
