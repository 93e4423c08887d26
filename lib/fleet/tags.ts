/** Set by us in the launch call itself, so that no machine of ours is ever without them. */
export const STACK_TAG = 'spothop:stack';
export const FLEET_TAG = 'spothop:fleet';
export const INTENT_TAG = 'spothop:intent';
/** The version of the launch template: which agent and which task a machine fetched when it booted. */
export const TEMPLATE_VERSION_TAG = 'spothop:template-version';

/** Set by EC2; customers cannot set or copy tags that begin with `aws:` (reliability B18). */
export const EC2_FLEET_TAG = 'aws:ec2:fleet-id';
/** Set by EC2 Auto Scaling on every machine of a group (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html). */
export const AUTO_SCALING_GROUP_TAG = 'aws:autoscaling:groupName';
