import type { InstanceId } from '../fleet/ids.ts';

/** What became of each machine that was asked for; one that is in neither list was not reached by this call. */
export interface GroupOutcome {
  /** Done now, or found to be over: the machine is not in the group, or the group no longer waits for it. */
  readonly done: readonly InstanceId[];
  /** The group said no, in its own words; what can be repeated is not here but thrown. */
  readonly refused: readonly { readonly instanceId: InstanceId; readonly code: string; readonly message: string }[];
}

/** A group waits for a lifecycle hook before it ends the machine. Without a token the machine's id stands for it. */
export interface LifecycleCompletion {
  readonly autoScalingGroup: string;
  readonly lifecycleHook: string;
  readonly instanceId: InstanceId;
  readonly token: string | undefined;
}

/**
 * Groups that somebody else made and that hold machines of a fleet: Auto Scaling groups and load balancers' target groups.
 * Every call may be repeated.
 */
export interface MachineGroups {
  /** Takes machines out of an Auto Scaling group, whose wish for so many machines stays: it launches others for them. */
  detach(autoScalingGroup: string, instanceIds: readonly InstanceId[]): Promise<GroupOutcome>;
  /** Ends the load balancer's sending to them; what it has sent is let finish within the target group's own delay. */
  deregister(targetGroupArn: string, instanceIds: readonly InstanceId[]): Promise<GroupOutcome>;
  /** Tells the group that it need not wait any longer: CONTINUE. */
  completeLifecycle(completion: LifecycleCompletion): Promise<GroupOutcome>;
}
