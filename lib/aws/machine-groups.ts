import {
  type AutoScalingClient,
  CompleteLifecycleActionCommand,
  DetachInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeregisterTargetsCommand, type ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { InstanceId } from '../fleet/ids.ts';
import type { GroupOutcome, LifecycleCompletion, MachineGroups } from '../ports/machine-groups.ts';
import { awsErrorCode, awsErrorMessage, classifyAwsError } from './errors.ts';
import { askInBatches, type BatchCall, type Verdict } from './halving.ts';

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

const allDone = (ids: readonly InstanceId[]): GroupOutcome => ({ done: ids, refused: [] });

const refusedWith =
  (error: unknown) =>
  (ids: readonly InstanceId[]): GroupOutcome => ({
    done: [],
    refused: ids.map((instanceId) => ({ instanceId, code: awsErrorCode(error), message: awsErrorMessage(error) })),
  });

/** What every one of these calls has in common, once it is clear that the error is not about a single machine. */
const judgeWhole = (error: unknown): Verdict<GroupOutcome> =>
  isRefusal(error) ? { of: 'all', answer: refusedWith(error) } : { of: 'call' };

const says = (error: unknown, words: RegExp): boolean =>
  awsErrorCode(error) === 'ValidationError' && words.test(awsErrorMessage(error));

const judgeDetach = (error: unknown): Verdict<GroupOutcome> => {
  if (says(error, NOT_A_MEMBER)) return { of: 'one', answer: allDone };
  if (says(error, NOT_IN_SERVICE)) return { of: 'one', answer: refusedWith(error) };
  return judgeWhole(error);
};

/**
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html: a target that is not
 * registered is a success; `InvalidTarget` is one that does not exist, so that it is not registered either.
 */
const judgeDeregister = (error: unknown): Verdict<GroupOutcome> => {
  const code = awsErrorCode(error);
  if (code.startsWith('InvalidTarget')) return { of: 'one', answer: allDone };
  if (code.startsWith('TargetGroupNotFound')) return { of: 'all', answer: refusedWith(error) };
  return judgeWhole(error);
};

const judgeCompletion = (error: unknown): Verdict<GroupOutcome> =>
  says(error, NOBODY_WAITS) ? { of: 'one', answer: allDone } : judgeWhole(error);

/** A call that answers nothing of use: that it did not fail is the answer. */
interface GroupCall extends Pick<BatchCall<GroupOutcome>, 'batchSize' | 'judge'> {
  send(ids: readonly InstanceId[]): Promise<unknown>;
}

const askGroup = async (ids: readonly InstanceId[], { send, ...call }: GroupCall): Promise<GroupOutcome> => {
  const outcomes = await askInBatches(ids, { ...call, ask: (some) => send(some).then(() => allDone(some)) });
  return { done: outcomes.flatMap(({ done }) => done), refused: outcomes.flatMap(({ refused }) => refused) };
};

const detach = ({ autoScaling }: GroupClients, group: string, ids: readonly InstanceId[]): Promise<GroupOutcome> =>
  askGroup(ids, {
    batchSize: DETACHED_AT_ONCE,
    send: (some) =>
      autoScaling.send(
        new DetachInstancesCommand({
          AutoScalingGroupName: group,
          InstanceIds: [...some],
          // The group goes on to want as many machines, so that it launches others.
          ShouldDecrementDesiredCapacity: false,
        }),
      ),
    judge: judgeDetach,
  });

const deregister = (
  { loadBalancing }: GroupClients,
  targetGroupArn: string,
  ids: readonly InstanceId[],
): Promise<GroupOutcome> =>
  askGroup(ids, {
    batchSize: DEREGISTERED_AT_ONCE,
    send: (some) => {
      const targets = some.map((Id) => ({ Id }));
      return loadBalancing.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: targets }));
    },
    judge: judgeDeregister,
  });

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
  return askGroup([instanceId], { batchSize: 1, send: () => autoScaling.send(command), judge: judgeCompletion });
};

/** Auto Scaling and load balancers in one account and Region. */
export const awsMachineGroups = (clients: GroupClients): MachineGroups => ({
  detach: (group, ids) => detach(clients, group, ids),
  deregister: (arn, ids) => deregister(clients, arn, ids),
  completeLifecycle: (completion) => completeLifecycle(clients, completion),
});
