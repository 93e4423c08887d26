import type { LifecycleAction } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';
import {
  type AwsEvent,
  type EventReader,
  eventTime,
  oneSignal,
  type Reading,
  type Unrecognised,
  unrecognised,
} from './aws-event.ts';
import type { JsonObject } from './bounded-json.ts';
import { described } from './printable.ts';

type Kind = 'lifecycle-launching' | 'lifecycle-terminating';

export const TERMINATE_ACTION = 'EC2 Instance-terminate Lifecycle Action';
export const LAUNCH_ACTION = 'EC2 Instance-launch Lifecycle Action';

const TEST = 'autoscaling:TEST_NOTIFICATION';

const TRANSITIONS: ReadonlyMap<unknown, { readonly detailType: string; readonly kind: Kind }> = new Map([
  ['autoscaling:EC2_INSTANCE_TERMINATING', { detailType: TERMINATE_ACTION, kind: 'lifecycle-terminating' }],
  ['autoscaling:EC2_INSTANCE_LAUNCHING', { detailType: LAUNCH_ACTION, kind: 'lifecycle-launching' }],
]);

export const isTestNotification = ({ Event, LifecycleTransition }: JsonObject): boolean =>
  Event === TEST || LifecycleTransition === TEST;

/** Names of groups and hooks have at most 255 characters, a token is a UUID; all of them go into a request one day. */
const ACTION_WORD = /^[\x21-\x7e]{1,255}$/;

/** An event that does not name its action whole ends the machine all the same: the signal then carries none. */
const lifecycleActionOf = (detail: JsonObject): LifecycleAction | undefined => {
  const { AutoScalingGroupName, LifecycleHookName, LifecycleActionToken } = detail;
  const words = [AutoScalingGroupName, LifecycleHookName, LifecycleActionToken];
  if (!words.every((word) => typeof word === 'string' && ACTION_WORD.test(word))) return undefined;
  const [autoScalingGroup, hook, token] = words as [string, string, string];
  return { autoScalingGroup, hook, token };
};

/**
 * An Auto Scaling group starts or ends a machine and waits for its lifecycle hook.
 *
 * ```json
 * {"version":"0","id":"12345678-1234-1234-1234-123456789012","detail-type":"EC2 Instance-terminate Lifecycle Action",
 *  "source":"aws.autoscaling","account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-west-2",
 *  "resources":["auto-scaling-group-arn"],"detail":{"LifecycleActionToken":"87654321-4321-4321-4321-210987654321",
 *  "AutoScalingGroupName":"my-asg","LifecycleHookName":"my-hook","EC2InstanceId":"i-1234567890abcdef0",
 *  "LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING","Origin":"AutoScalingGroup","Destination":"EC2"}}
 * ```
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html)
 */
export const readLifecycle: EventReader<Kind> = (event): Reading<Kind> => {
  if (isTestNotification(event.detail)) return { kind: 'ignored', because: 'a test notification' };
  const { LifecycleTransition } = event.detail;
  const transition = TRANSITIONS.get(LifecycleTransition);
  if (transition === undefined || transition.detailType !== event.detailType) {
    return unrecognised(`detail.LifecycleTransition is ${described(LifecycleTransition)}`);
  }
  // A launch waits for nobody here.
  const lifecycleAction = transition.kind === 'lifecycle-terminating' ? lifecycleActionOf(event.detail) : undefined;
  return oneSignal(event, 'EC2InstanceId', { kind: transition.kind, ...(lifecycleAction && { lifecycleAction }) });
};

/** A hook that was pointed straight at a queue or a topic: the detail without an envelope. */
export const isBareLifecycle = (value: JsonObject): boolean =>
  value['detail-type'] === undefined && (typeof value['LifecycleTransition'] === 'string' || isTestNotification(value));

/**
 * Gives such a message the envelope it lacks, so that everything after it is the same.
 *
 * ```json
 * {"AccountId":"123456789012","RequestId":"3775fac9-93c3-7ead-8713-159816566000","Service":"AWS Auto Scaling",
 *  "LifecycleHookName":"my-hook","LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING",
 *  "AutoScalingGroupName":"my-asg","Time":"2026-01-01T00:00:00.872Z","EC2InstanceId":"i-1234567890abcdef0",
 *  "LifecycleActionToken":"87654321-4321-4321-4321-210987654321"}
 * ```
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html)
 */
export const envelopeBareLifecycle = (detail: JsonObject, now: EpochMs): AwsEvent | Unrecognised => {
  // The notification that tests a new hook is written by hand as often as not, and may lack its time.
  const at = isTestNotification(detail) ? now : eventTime(detail['Time'], now);
  if (typeof at !== 'number') return at;
  const { AccountId, LifecycleTransition } = detail;
  if (AccountId !== undefined && typeof AccountId !== 'string') {
    return unrecognised(`its AccountId is ${described(AccountId)}`);
  }
  const detailType = TRANSITIONS.get(LifecycleTransition)?.detailType ?? TERMINATE_ACTION;
  const origin = AccountId === undefined ? {} : { account: AccountId };
  return { source: 'aws.autoscaling', detailType, at, detail, origin };
};
