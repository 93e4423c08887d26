/** Typed identifiers: a task's id is never passed where a machine's is meant. */
export type InstanceId = string & { readonly __id: 'InstanceId' };
export type TaskId = string & { readonly __id: 'TaskId' };
export type FleetName = string & { readonly __id: 'FleetName' };
export type IntentId = string & { readonly __id: 'IntentId' };
/** An agent's claim on its machine, opened once; an agent that is started again on the same machine goes on with it. */
export type SessionId = string & { readonly __id: 'SessionId' };
/** The id EC2 gives a CreateFleet request, `fleet-…`; EC2 sets it on machines as the tag `aws:ec2:fleet-id`. */
export type Ec2FleetId = string & { readonly __id: 'Ec2FleetId' };

/**
 * Instance ids are `i-` and hexadecimal digits: 8 once, 17 since 2016 (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html).
 * AWS has changed their number before, and samples shorten it, so only the alphabet and a bound are held to.
 */
const INSTANCE_ID = /^i-[0-9a-f]{6,32}$/;

export const isInstanceId = (value: unknown): value is InstanceId =>
  typeof value === 'string' && INSTANCE_ID.test(value);

export const instanceId = (value: string): InstanceId => {
  if (!isInstanceId(value)) throw new Error(`Not an EC2 instance id: ${JSON.stringify(value).slice(0, 40)}`);
  return value;
};

/** Printable ASCII without blanks: ids appear in logs, in keys and on a terminal, where anything else could forge a line. */
const TASK_ID = /^[\x21-\x7e]{1,256}$/;

/** `__proto__` is the one name that an object does not keep: a lease under it would be held and never seen. */
export const isTaskId = (value: unknown): value is TaskId =>
  typeof value === 'string' && TASK_ID.test(value) && value !== '__proto__';

export const taskId = (value: string): TaskId => {
  if (!isTaskId(value))
    throw new Error('A task id is 1 to 256 printable ASCII characters without blanks, and not __proto__.');
  return value;
};

export const fleetName = (value: string): FleetName => value as FleetName;
export const intentId = (value: string): IntentId => value as IntentId;
export const sessionId = (value: string): SessionId => value as SessionId;
export const ec2FleetId = (value: string): Ec2FleetId => value as Ec2FleetId;
