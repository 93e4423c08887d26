import {
  type AutoScalingClient,
  CompleteLifecycleActionCommand,
  DetachInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeregisterTargetsCommand, type ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { InstanceId } from '../fleet/ids.ts';
import type { GroupOutcome, LifecycleCompletion, MachineGroups } from '../ports/machine-groups.ts';
import { awsErrorCode, awsErrorMessage, classifyAwsError } from './errors.ts';
import { askHalving, askInBatches, type Verdict } from './halving.ts';

export interface GroupClients {
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html: "up to 20 instances". */
const DETACHED_AT_ONCE = 20;

/** DeregisterTargets states no limit; a smaller batch keeps one bad target from concerning many. */
const DEREGISTERED_AT_ONCE = 100;

/** Auto Scaling has one code for everything that it does not accept, and says what it is in words. */
const NOT_A_MEMBER = /is not part of Auto Scaling group/;
/** It is still being launched, on its way out already, or both of these were said a moment ago. */
const NOT_IN_SERVICE = /is not in InService/;
const NOBODY_WAITS = /No active Lifecycle Action found/;

const isRefusal = (error: unknown): boolean =>
  classifyAwsError(error) === 'authorisation' || awsErrorCode(error) === 'ValidationError';

const told = (error: unknown) => ({ code: awsErrorCode(error), message: awsErrorMessage(error) });

const judgeDetach = (error: unknown): Verdict => {
  const { code, message } = told(error);
  if (code === 'ValidationError' && NOT_A_MEMBER.test(message)) return { of: 'one', whenAlone: 'done', code, message };
  if (code === 'ValidationError' && NOT_IN_SERVICE.test(message)) {
    return { of: 'one', whenAlone: 'refused', code, message };
  }
  return isRefusal(error) ? { of: 'all', code, message } : { of: 'call' };
};

/**
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html: a target that is not
 * registered is a success; `InvalidTarget` is one that does not exist, so that it is not registered either.
 */
const judgeDeregister = (error: unknown): Verdict => {
  const { code, message } = told(error);
  if (code.startsWith('InvalidTarget')) return { of: 'one', whenAlone: 'done', code, message };
  const isGone = code.startsWith('TargetGroupNotFound');
  return isGone || isRefusal(error) ? { of: 'all', code, message } : { of: 'call' };
};

const judgeCompletion = (error: unknown): Verdict => {
  const { code, message } = told(error);
  if (code === 'ValidationError' && NOBODY_WAITS.test(message)) return { of: 'one', whenAlone: 'done', code, message };
  return isRefusal(error) ? { of: 'all', code, message } : { of: 'call' };
};

const detach = ({ autoScaling }: GroupClients, group: string, ids: readonly InstanceId[]): Promise<GroupOutcome> =>
  askInBatches(ids, DETACHED_AT_ONCE, (batch) =>
    askHalving(
      batch,
      (some) =>
        autoScaling.send(
          new DetachInstancesCommand({
            AutoScalingGroupName: group,
            InstanceIds: [...some],
            // The group goes on to want as many machines, so that it launches others.
            ShouldDecrementDesiredCapacity: false,
          }),
        ),
      judgeDetach,
    ),
  );

const deregister = (
  { loadBalancing }: GroupClients,
  targetGroupArn: string,
  ids: readonly InstanceId[],
): Promise<GroupOutcome> =>
  askInBatches(ids, DEREGISTERED_AT_ONCE, (batch) =>
    askHalving(
      batch,
      (some) => {
        const targets = some.map((Id) => ({ Id }));
        return loadBalancing.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: targets }));
      },
      judgeDeregister,
    ),
  );

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html: by token or by machine. */
const completeLifecycle = (
  { autoScaling }: GroupClients,
  { autoScalingGroup, lifecycleHook, instanceId, token }: LifecycleCompletion,
): Promise<GroupOutcome> => {
  const command = new CompleteLifecycleActionCommand({
    AutoScalingGroupName: autoScalingGroup,
    LifecycleHookName: lifecycleHook,
    LifecycleActionResult: 'CONTINUE',
    InstanceId: instanceId,
    ...(token === undefined ? {} : { LifecycleActionToken: token }),
  });
  return askHalving([instanceId], () => autoScaling.send(command), judgeCompletion);
};

/** Auto Scaling and load balancers in one account and Region. */
export const awsMachineGroups = (clients: GroupClients): MachineGroups => ({
  detach: (group, ids) => detach(clients, group, ids),
  deregister: (arn, ids) => deregister(clients, arn, ids),
  completeLifecycle: (completion) => completeLifecycle(clients, completion),
});
