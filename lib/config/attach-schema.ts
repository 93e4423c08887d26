import { TARGET_GROUPS } from './bounds.ts';
import { listOf, matching } from './fields.ts';

const EXAMPLE_TARGET_GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/workers/0123456789abcdef';

/**
 * Groups of the user's that draining machines leave. Names without wildcards, because they become part of a role's policy
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html: no colon, 255 characters;
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html: the characters of a hook's name).
 */
export const attachShape = {
  autoScalingGroup: matching(/^[\w./=+@#-]{1,255}$/, 'the name of an Auto Scaling group', 'workers').optional(),
  lifecycleHook: matching(/^[\w/-]{1,255}$/, 'the name of a lifecycle hook', 'spothop').optional(),
  targetGroups: listOf(
    matching(
      /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/,
      "a target group's ARN",
      EXAMPLE_TARGET_GROUP,
    ),
    TARGET_GROUPS,
    EXAMPLE_TARGET_GROUP,
  ).default([]),
};
