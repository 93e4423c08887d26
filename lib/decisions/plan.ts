import type { Intent } from '../fleet/fleet.ts';
import type { FleetName, InstanceId, TaskId } from '../fleet/ids.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { MetricName } from '../telemetry/names.ts';

/**
 * What a decision asks to be done: data a person can read, with everything the executor needs, so that execution makes
 * no choices. Every action may be repeated.
 */
export type Action =
  | {
      readonly do: 'release-tasks';
      readonly instanceId: InstanceId;
      readonly fleet: FleetName;
      readonly tasks: readonly { readonly taskId: TaskId; readonly attempt: number }[];
      readonly reason: string;
    }
  /** The same record is decided about again at this time, by a delayed wake; beyond 15 minutes the sweep does it. */
  | { readonly do: 'look-again'; readonly fleet: FleetName; readonly at: EpochMs; readonly reason: string }
  | { readonly do: 'wake-fleet'; readonly fleet: FleetName; readonly reason: string }
  /** A recorded deadline has come near: the drain mark is written now. */
  | { readonly do: 'mark-draining'; readonly instanceId: InstanceId; readonly reason: string }
  | { readonly do: 'close-run'; readonly instanceId: InstanceId; readonly fleet: FleetName; readonly reason: string }
  | { readonly do: 'leave'; readonly instanceId: InstanceId; readonly reason: string }
  /** Our own `leave` is taken back: the machine is wanted after all, and has not begun to drain. */
  | { readonly do: 'stay'; readonly instanceId: InstanceId; readonly reason: string }
  | { readonly do: 'terminate'; readonly instanceIds: readonly InstanceId[]; readonly reason: string }
  | { readonly do: 'launch'; readonly intent: Intent; readonly reason: string }
  /** Machines are missing and nobody is asked: there is time to wait for spot. */
  | { readonly do: 'wait'; readonly fleet: FleetName; readonly reason: string }
  | { readonly do: 'alarm'; readonly metric: MetricName; readonly reason: string }
  /** Of a group that the fleet file names: it launches their replacements at once. */
  | {
      readonly do: 'detach';
      readonly autoScalingGroup: string;
      readonly instanceIds: readonly InstanceId[];
      readonly reason: string;
    }
  | {
      readonly do: 'deregister';
      readonly targetGroups: readonly string[];
      readonly instanceIds: readonly InstanceId[];
      readonly reason: string;
    }
  /** The group that waits to end the machine is told to go on. */
  | {
      readonly do: 'complete-lifecycle';
      readonly autoScalingGroup: string;
      readonly lifecycleHook: string;
      readonly instanceId: InstanceId;
      readonly token: string | undefined;
      readonly reason: string;
    };

export interface Plan {
  readonly subject: string;
  readonly decidedAt: EpochMs;
  readonly actions: readonly Action[];
}

const describeAction = (action: Action): string => {
  switch (action.do) {
    case 'release-tasks':
      return `release ${action.tasks.length} of ${action.instanceId}: ${action.reason}`;
    case 'look-again':
      return `look again at ${new Date(action.at).toISOString()}: ${action.reason}`;
    case 'wake-fleet':
      return `wake ${action.fleet}: ${action.reason}`;
    case 'launch':
      return `launch ${action.intent.count} ${action.intent.purchase}: ${action.reason}`;
    case 'terminate':
      return `terminate ${action.instanceIds.join(' ')}: ${action.reason}`;
    case 'wait':
      return `wait: ${action.reason}`;
    case 'alarm':
      return `alarm ${action.metric}: ${action.reason}`;
    case 'detach':
      return `detach ${action.instanceIds.join(' ')} from ${action.autoScalingGroup}: ${action.reason}`;
    case 'deregister':
      return `deregister ${action.instanceIds.join(' ')} from ${action.targetGroups.join(' ')}: ${action.reason}`;
    case 'complete-lifecycle':
      return `let ${action.autoScalingGroup} end ${action.instanceId}: ${action.reason}`;
    case 'mark-draining':
    case 'close-run':
    case 'leave':
    case 'stay':
      return `${action.do} ${action.instanceId}: ${action.reason}`;
  }
};

/** One line for logs and the terminal. */
export const describePlan = (plan: Plan): string =>
  plan.actions.length === 0
    ? `${plan.subject}: nothing to do`
    : `${plan.subject}: ${plan.actions.map(describeAction).join('; ')}`;
