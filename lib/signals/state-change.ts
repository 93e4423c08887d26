import type { SignalKind } from '../fleet/signal.ts';
import { type EventReader, oneSignal, unrecognised } from './aws-event.ts';
import { described } from './printable.ts';

type StateKind = Extract<SignalKind, `state-${string}`>;

const KIND_OF_STATE: ReadonlyMap<unknown, StateKind> = new Map([
  ['running', 'state-running'],
  ['stopping', 'state-stopping'],
  ['stopped', 'state-stopped'],
  ['shutting-down', 'state-shutting-down'],
  ['terminated', 'state-terminated'],
]);

/**
 * The machine changed its state, whoever asked for it.
 *
 * ```json
 * {"id":"7bf73129-1428-4cd3-a780-95db273d1602","detail-type":"EC2 Instance State-change Notification",
 *  "source":"aws.ec2","account":"123456789012","time":"2021-11-11T21:29:54Z","region":"us-east-1",
 *  "resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
 *  "detail":{"instance-id":"i-abcd1111","state":"stopping"}}
 * ```
 * AWS's own example has no `version`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
 */
export const readStateChange: EventReader<StateKind> = (event) => {
  const { state } = event.detail;
  if (state === 'pending') return { kind: 'ignored', because: 'a pending machine is known from its launch' };
  const kind = KIND_OF_STATE.get(state);
  if (kind === undefined) return unrecognised(`detail.state is ${described(state)}`);
  return oneSignal(event, 'instance-id', { kind });
};
