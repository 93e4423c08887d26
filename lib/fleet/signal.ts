import type { InstanceId } from './ids.ts';
import type { EpochMs } from './time.ts';

/** Everything that can be learned about a machine from outside it or on it. One file in `lib/signals/` per AWS event. */
export type SignalKind =
  | 'spot-interruption'
  | 'rebalance-recommendation'
  | 'state-running'
  | 'state-stopping'
  | 'state-stopped'
  | 'state-shutting-down'
  | 'state-terminated'
  | 'scheduled-change'
  | 'scheduled-change-cancelled'
  | 'capacity-reservation-interruption'
  | 'bid-evicted'
  | 'terminated-by-request'
  | 'shut-down-by-itself'
  | 'spot-request-fulfilment'
  | 'lifecycle-launching'
  | 'lifecycle-terminating'
  | 'machine-stopping'
  | 'operator-drain'
  | 'leave';

export type InterruptionAction = 'terminate' | 'stop' | 'hibernate';

/**
 * What an Auto Scaling group waits for before it ends a machine, in the words of its event
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html).
 */
export interface LifecycleAction {
  readonly autoScalingGroup: string;
  readonly hook: string;
  readonly token: string;
}

export interface Signal {
  readonly kind: SignalKind;
  readonly instanceId: InstanceId;
  /** When the sender says it happened. Never used for judging silence: only the receiver's clock is. */
  readonly at: EpochMs;
  /** When the machine is expected to end, where that is known. */
  readonly deadline?: EpochMs;
  readonly action?: InterruptionAction;
  readonly lifecycleAction?: LifecycleAction;
}

/** What is kept on the instance, once for each kind: the first of a kind wins, later ones change nothing. */
export type RecordedSignal = Omit<Signal, 'kind' | 'instanceId'> & { readonly recordedAt: EpochMs };

/**
 * What a kind of signal does to a machine's lifecycle.
 *
 * - `ends`: the machine is going or gone; draining, final, whatever the time left.
 * - `drains-near-deadline`: draining once its deadline is inside the drain window, leaving until then.
 * - `warns`: wary for a while.
 * - `leaves`: ours to change our mind.
 * - `informs`: recorded and counted; the lifecycle is not touched.
 */
export type Gravity = 'ends' | 'drains-near-deadline' | 'warns' | 'leaves' | 'informs';

export const SIGNAL_GRAVITY: Readonly<Record<SignalKind, Gravity>> = {
  'spot-interruption': 'ends',
  'rebalance-recommendation': 'warns',
  'state-running': 'informs',
  'state-stopping': 'ends',
  'state-stopped': 'ends',
  'state-shutting-down': 'ends',
  'state-terminated': 'ends',
  'scheduled-change': 'drains-near-deadline',
  'scheduled-change-cancelled': 'informs',
  'capacity-reservation-interruption': 'drains-near-deadline',
  'bid-evicted': 'ends',
  // EC2's own words about an end that it did not cause; they decide what the machine cost.
  'terminated-by-request': 'ends',
  'shut-down-by-itself': 'ends',
  'spot-request-fulfilment': 'informs',
  'lifecycle-launching': 'informs',
  'lifecycle-terminating': 'ends',
  'machine-stopping': 'ends',
  'operator-drain': 'ends',
  leave: 'leaves',
};

/** May come before the row of a machine that has just been asked for; of anything else about a stranger nothing is kept. */
export const KEPT_FOR_ADOPTION: readonly SignalKind[] = ['spot-interruption', 'rebalance-recommendation'];

/** States in which EC2 has already stopped the machine: nothing that runs there can be waited for. */
export const MACHINE_GONE_KINDS: readonly SignalKind[] = ['state-stopped', 'state-terminated'];
