import type { FleetSpecification } from '../lib/config/fleet-specification.ts';

/** Values of the agent's environment; `${Name}` in them is CloudFormation's to fill in. */
export type AgentEnvironment = Readonly<Record<string, string>>;

/** What the template tells a machine besides its fleet file. */
export interface MadeForFleet {
  readonly work: string;
  readonly deadLetters: string;
  readonly agentSha256: string;
  /** Of a fleet that runs a task file. */
  readonly taskSha256: string | undefined;
}

/** Where user data puts the fleet's task. */
const TASK_PATH = '/opt/spothop/task.mjs';

/** Text that `Fn::Sub` must leave as it is. */
export const literalForSub = (text: string): string => text.replaceAll('${', '${!');

const taskIdVariables = (fleet: FleetSpecification): AgentEnvironment => {
  const { taskId } = fleet.queue;
  if (taskId.kind === 'body-path') return { SPOTHOP_TASK_ID_PATH: literalForSub(taskId.keys.join('.')) };
  if (taskId.kind === 'attribute') return { SPOTHOP_TASK_ID_ATTRIBUTE: literalForSub(taskId.name) };
  return {};
};

/** A task that was not bundled would be a machine that fetches nothing and runs nothing. */
const digestOf = ({ name }: FleetSpecification, sha256: string | undefined): string => {
  if (sha256 === undefined) throw new Error(`The task of fleet ${name} has no digest: bundle it before its template.`);
  return sha256;
};

const programVariables = (fleet: FleetSpecification, { taskSha256 }: MadeForFleet): AgentEnvironment => {
  const { program } = fleet.worker;
  if (program.kind === 'command') return { SPOTHOP_EXEC: literalForSub(program.command) };
  if (program.kind === 'supervise') return { SPOTHOP_SUPERVISE: literalForSub(program.command) };
  return { SPOTHOP_TASK: TASK_PATH, SPOTHOP_TASK_SHA256: digestOf(fleet, taskSha256) };
};

/**
 * Everything an agent needs to know of its fleet, on any machine: what depends on the machine, such as folders, is its
 * unit's to say. It holds no secret, for user data can be read by whoever is on the machine.
 */
export const agentEnvironment = (fleet: FleetSpecification, made: MadeForFleet): AgentEnvironment => ({
  SPOTHOP_FLEET: fleet.name,
  SPOTHOP_INSTANCES_TABLE: '${InstancesTable}',
  SPOTHOP_TASKS_TABLE: '${TasksTable}',
  SPOTHOP_QUEUE_URL: made.work,
  SPOTHOP_DEAD_LETTER_QUEUE_URL: made.deadLetters,
  SPOTHOP_WAKE_QUEUE_URL: '${WakeQueue}',
  SPOTHOP_CONTENT_BUCKET: '${ContentBucket}',
  SPOTHOP_ACCOUNT: '${AWS::AccountId}',
  AWS_REGION: '${AWS::Region}',
  SPOTHOP_AGENT_FUNCTION: '${AgentLambdaFunction}',
  SPOTHOP_AGENT_SHA256: made.agentSha256,
  SPOTHOP_CONCURRENCY: String(fleet.worker.concurrency),
  SPOTHOP_VISIBILITY_SECONDS: String(fleet.queue.visibilitySeconds),
  SPOTHOP_FAILURES_MAX: String(fleet.queue.maxFailures),
  SPOTHOP_RETRY_DELAY_SECONDS: String(fleet.queue.retryDelaySeconds),
  SPOTHOP_DRAIN_MARGIN_SECONDS: String(fleet.drain.marginSeconds),
  SPOTHOP_DRAIN_WINDOW_SECONDS: String(fleet.drain.windowSeconds),
  SPOTHOP_WARY_SECONDS: String(fleet.drain.warySeconds),
  SPOTHOP_REBALANCE: fleet.drain.rebalance,
  SPOTHOP_MAXIMUM_AGE_HOURS: String(fleet.worker.maximumAgeHours),
  ...taskIdVariables(fleet),
  ...programVariables(fleet, made),
});
