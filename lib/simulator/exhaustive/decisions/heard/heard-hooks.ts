import {
  eventBody,
  type Fields,
  type HeardCase,
  heardTable,
  isHeardAs,
  MACHINE,
  NOTHING,
  REFUSED,
  UNRECOGNISED,
} from './event-heard.ts';

const TERMINATE = 'EC2 Instance-terminate Lifecycle Action';
const LAUNCH = 'EC2 Instance-launch Lifecycle Action';

const WAITS_FOR_US = {
  LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
  AutoScalingGroupName: 'my-asg',
  LifecycleHookName: 'my-hook',
  EC2InstanceId: MACHINE,
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
};

const LAUNCHING = { LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' };

const ENDS = `lifecycle-terminating of ${MACHINE} at -60000`;
const WITH_ITS_HOOK = `${ENDS} my-asg my-hook 87654321-4321-4321-4321-210987654321, drains`;
const WITHOUT_HOOK = `${ENDS}, drains`;
const BEGINS = `lifecycle-launching of ${MACHINE} at -60000`;

const fromGroup = (detail: Fields, detailType = TERMINATE): string =>
  eventBody('aws.autoscaling', detailType, { ...WAITS_FOR_US, ...detail });

const EVENTS: readonly (readonly [detail: Fields, detailType: string, meaning: string])[] = [
  [{}, TERMINATE, WITH_ITS_HOOK],
  [LAUNCHING, LAUNCH, BEGINS],
  [LAUNCHING, TERMINATE, UNRECOGNISED],
  [{}, LAUNCH, UNRECOGNISED],
  [{ LifecycleTransition: 'autoscaling:EC2_INSTANCE_HIBERNATING' }, TERMINATE, UNRECOGNISED],
  [{ LifecycleTransition: undefined }, TERMINATE, UNRECOGNISED],
  // One that does not name its hook whole ends the machine all the same.
  [{ LifecycleHookName: undefined }, TERMINATE, WITHOUT_HOOK],
  [{ AutoScalingGroupName: '' }, TERMINATE, WITHOUT_HOOK],
  [{ AutoScalingGroupName: 'my asg' }, TERMINATE, WITHOUT_HOOK],
  [{ LifecycleActionToken: 7 }, TERMINATE, WITHOUT_HOOK],
  [{ LifecycleHookName: 'x'.repeat(256) }, TERMINATE, WITHOUT_HOOK],
  [{ LifecycleHookName: 'x'.repeat(255) }, TERMINATE, WITH_ITS_HOOK.replace('my-hook', 'x'.repeat(255))],
  [{ EC2InstanceId: undefined, 'instance-id': MACHINE }, TERMINATE, UNRECOGNISED],
  [{ EC2InstanceId: 'i-' }, LAUNCH, UNRECOGNISED],
  [{ Event: 'autoscaling:TEST_NOTIFICATION' }, TERMINATE, NOTHING],
  [{ LifecycleTransition: 'autoscaling:TEST_NOTIFICATION' }, TERMINATE, NOTHING],
];

/** A hook that points straight at a queue or a topic has no envelope. */
const bare = (fields: Fields): Fields => ({
  AccountId: '123456789012',
  RequestId: '3775fac9-93c3-7ead-8713-159816566000',
  Service: 'AWS Auto Scaling',
  Time: '2027-01-15T07:59:00.000Z',
  ...WAITS_FOR_US,
  ...fields,
});

const TEST = { LifecycleTransition: undefined, EC2InstanceId: undefined, Event: 'autoscaling:TEST_NOTIFICATION' };

const BARE: readonly (readonly [fields: Fields, meaning: string])[] = [
  [{}, WITH_ITS_HOOK],
  [LAUNCHING, BEGINS],
  // Without an account the queue's own policy decides who may send.
  [{ AccountId: undefined }, WITH_ITS_HOOK],
  [{ AccountId: '210987654321' }, REFUSED],
  [{ AccountId: 123_456_789_012 }, UNRECOGNISED],
  [{ AccountId: null }, UNRECOGNISED],
  [{ Time: undefined }, UNRECOGNISED],
  [{ Time: 'now' }, UNRECOGNISED],
  [{ Time: '2027-01-16T08:00:00Z' }, WITH_ITS_HOOK.replace('-60000', '86400000')],
  [{ Time: '2027-01-16T08:00:01Z' }, UNRECOGNISED],
  [{ EC2InstanceId: 7 }, UNRECOGNISED],
  [{ LifecycleTransition: 'autoscaling:EC2_INSTANCE_RESTING' }, UNRECOGNISED],
  [{ LifecycleTransition: undefined }, UNRECOGNISED],
  [TEST, NOTHING],
  [{ ...TEST, Time: undefined }, NOTHING],
  [{ ...TEST, Event: 'autoscaling:OTHER' }, UNRECOGNISED],
];

const throughTopic = (message: unknown, fields: Fields = {}): string =>
  JSON.stringify({
    Type: 'Notification',
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:t',
    Message: message,
    ...fields,
  });

function* all(): Generator<HeardCase> {
  for (const [detail, detailType, meaning] of EVENTS) {
    yield isHeardAs(fromGroup(detail, detailType), meaning);
    yield isHeardAs(throughTopic(fromGroup(detail, detailType)), meaning);
  }
  for (const [fields, meaning] of BARE) {
    const body = JSON.stringify(bare(fields));
    yield isHeardAs(body, meaning);
    yield isHeardAs(throughTopic(body), meaning);
  }
  // A topic that feeds a topic is nothing that is unwrapped twice.
  const wrapped = throughTopic(JSON.stringify(bare({})));
  yield isHeardAs(throughTopic(wrapped), UNRECOGNISED);
  yield isHeardAs(throughTopic(bare({})), UNRECOGNISED);
  yield isHeardAs(throughTopic(JSON.stringify(bare({})), { Type: 'SubscriptionConfirmation' }), UNRECOGNISED);
  yield isHeardAs(throughTopic('hello'), UNRECOGNISED);
  // With an envelope its source is what it says.
  yield isHeardAs(eventBody('aws.ec2', TERMINATE, WAITS_FOR_US), UNRECOGNISED);
  yield isHeardAs(JSON.stringify(bare({ 'detail-type': TERMINATE })), UNRECOGNISED);
}

/** What the lifecycle hooks of an Auto Scaling group are understood as, however they come (peers, C7). */
export const heardHooks = heardTable({ name: 'a lifecycle hook that is heard', promise: 'N5' }, all);
