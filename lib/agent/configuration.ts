import type { Environment } from '../config/environment.ts';
import { fleetName } from '../fleet/ids.ts';
import type { DrainPolicy } from '../fleet/instance.ts';
import {
  DRAIN_MARGIN_SECONDS_DEFAULT,
  INTERRUPTION_NOTICE_SECONDS,
  VISIBILITY_SECONDS_DEFAULT,
  WARY_SECONDS_DEFAULT,
} from '../fleet/limits.ts';
import { agentVersion } from './version.ts';
import type { AgentSettings } from './world.ts';

/** Everything the agent is told from outside. */
export interface AgentConfiguration {
  readonly settings: AgentSettings;
  readonly instancesTable: string;
  readonly tasksTable: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly wakeQueueUrl: string;
  readonly contentBucket: string;
  readonly account: string;
  readonly region: string;
  readonly worker: { readonly taskFile: string } | { readonly command: string } | { readonly supervised: string };
  /** Where the agent's session is kept, and the private folder of each run of a command made, in place of the defaults. */
  readonly stateFolder?: string;
  readonly metadataEndpoint: string;
  /** Where the dead-man's timer looks for a sign of the agent (deploy/dead-man.ts). */
  readonly aliveFile: string;
  /** Run once the machine is drained; nothing on a machine that ends with the agent's process. */
  readonly powerOffCommand?: string;
}

/** Every problem of the configuration at once, each with the variable to set. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The agent cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const ALIVE_FILE_DEFAULT = '/run/spothop/alive';
const METADATA_ENDPOINT_DEFAULT = 'http://169.254.169.254';
/** Beyond this, more machines are the answer: one item holds all leases of a machine. */
const CONCURRENCY_MAX = 100;
const FAILURES_MAX_DEFAULT = 3;
const RETRY_DELAY_SECONDS_DEFAULT = 30;
const MAXIMUM_AGE_HOURS_DEFAULT = 24;
/** systemd's own default between SIGTERM and SIGKILL (DefaultTimeoutStopSec). */
const STOP_SECONDS_DEFAULT = 90;
const REBALANCE_CHOICES: readonly DrainPolicy['rebalance'][] = ['wary', 'ignore', 'drain'];

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}

/** Reads variables and collects what is wrong with them. */
const createReader = (environment: Environment) => {
  const problems: string[] = [];
  const optional = (name: string): string | undefined => environment[name] || undefined;
  const required = (name: string, meaning: string): string => {
    const text = optional(name);
    if (text === undefined) problems.push(`${name} is not set: ${meaning}.`);
    return text ?? '';
  };
  const number = (name: string, { least, most, otherwise }: Bounds): number => {
    const text = optional(name);
    const value = text === undefined ? otherwise : Number(text);
    if (value >= least && value <= most) return value;
    problems.push(`${name}=${text} is not a number from ${least} to ${most}.`);
    return otherwise;
  };
  const choice = <T extends string>(name: string, choices: readonly T[], otherwise: T): T => {
    const text = optional(name) ?? otherwise;
    const chosen = choices.find((one) => one === text);
    if (chosen === undefined) problems.push(`${name}=${text} is none of ${choices.join(', ')}.`);
    return chosen ?? otherwise;
  };
  return { problems, optional, required, number, choice };
};

type Reader = ReturnType<typeof createReader>;

const readDrainPolicy = (reader: Reader): DrainPolicy => ({
  marginSeconds: reader.number('SPOTHOP_DRAIN_MARGIN_SECONDS', {
    least: 0,
    most: INTERRUPTION_NOTICE_SECONDS,
    otherwise: DRAIN_MARGIN_SECONDS_DEFAULT,
  }),
  windowSeconds: reader.number('SPOTHOP_DRAIN_WINDOW_SECONDS', {
    least: INTERRUPTION_NOTICE_SECONDS,
    most: 86_400,
    otherwise: INTERRUPTION_NOTICE_SECONDS,
  }),
  warySeconds: reader.number('SPOTHOP_WARY_SECONDS', { least: 0, most: 86_400, otherwise: WARY_SECONDS_DEFAULT }),
  rebalance: reader.choice('SPOTHOP_REBALANCE', REBALANCE_CHOICES, 'wary'),
});

const readSettings = (reader: Reader): AgentSettings => {
  const taskIdPath = reader.optional('SPOTHOP_TASK_ID_PATH');
  const taskIdAttribute = reader.optional('SPOTHOP_TASK_ID_ATTRIBUTE');
  const ageHours = { least: 0.25, most: 8_760, otherwise: MAXIMUM_AGE_HOURS_DEFAULT };
  return {
    fleet: fleetName(reader.required('SPOTHOP_FLEET', 'the name of the fleet this machine belongs to')),
    version: agentVersion(reader.optional('SPOTHOP_AGENT_SHA256')),
    concurrency: reader.number('SPOTHOP_CONCURRENCY', { least: 1, most: CONCURRENCY_MAX, otherwise: 1 }),
    visibilitySeconds: reader.number('SPOTHOP_VISIBILITY_SECONDS', {
      least: 10,
      most: 43_200,
      otherwise: VISIBILITY_SECONDS_DEFAULT,
    }),
    failuresMax: reader.number('SPOTHOP_FAILURES_MAX', { least: 1, most: 1_000, otherwise: FAILURES_MAX_DEFAULT }),
    retryDelaySeconds: reader.number('SPOTHOP_RETRY_DELAY_SECONDS', {
      least: 0,
      most: 43_200,
      otherwise: RETRY_DELAY_SECONDS_DEFAULT,
    }),
    drainPolicy: readDrainPolicy(reader),
    stopSeconds: reader.number('SPOTHOP_STOP_SECONDS', { least: 1, most: 3_600, otherwise: STOP_SECONDS_DEFAULT }),
    maximumAgeSeconds: reader.number('SPOTHOP_MAXIMUM_AGE_HOURS', ageHours) * 3_600,
    ...(taskIdPath === undefined ? {} : { taskIdPath }),
    ...(taskIdAttribute === undefined ? {} : { taskIdAttribute }),
  };
};

const readWorker = (reader: Reader): AgentConfiguration['worker'] => {
  const taskFile = reader.optional('SPOTHOP_TASK');
  const command = reader.optional('SPOTHOP_EXEC');
  const supervised = reader.optional('SPOTHOP_SUPERVISE');
  const given = [taskFile, command, supervised].filter((one) => one !== undefined);
  if (given.length !== 1) {
    reader.problems.push(
      'Set exactly one of SPOTHOP_TASK (a module with a task), SPOTHOP_EXEC (a command for each task) and SPOTHOP_SUPERVISE (another system’s worker).',
    );
  }
  if (taskFile !== undefined) return { taskFile };
  return supervised === undefined ? { command: command ?? '' } : { supervised };
};

/** @throws InvalidConfiguration */
export const readAgentConfiguration = (environment: Environment): AgentConfiguration => {
  const reader = createReader(environment);
  const { required, optional } = reader;
  const powerOffCommand = optional('SPOTHOP_POWER_OFF_COMMAND');
  const stateFolder = optional('SPOTHOP_STATE_DIR');
  const configuration: AgentConfiguration = {
    settings: readSettings(reader),
    instancesTable: required('SPOTHOP_INSTANCES_TABLE', 'the table of machines'),
    tasksTable: required('SPOTHOP_TASKS_TABLE', 'the table of tasks'),
    queueUrl: required('SPOTHOP_QUEUE_URL', 'the fleet’s work queue'),
    deadLetterQueueUrl: required('SPOTHOP_DEAD_LETTER_QUEUE_URL', 'where dead tasks are copied'),
    wakeQueueUrl: required('SPOTHOP_WAKE_QUEUE_URL', 'the queue that wakes the fleet’s reconcile'),
    contentBucket: required('SPOTHOP_CONTENT_BUCKET', 'the bucket for large bodies, checkpoints and results'),
    account: required('SPOTHOP_ACCOUNT', 'the 12 digits of the account of the stack'),
    region: required('AWS_REGION', 'the region of the stack'),
    worker: readWorker(reader),
    metadataEndpoint: optional('AWS_EC2_METADATA_SERVICE_ENDPOINT') ?? METADATA_ENDPOINT_DEFAULT,
    aliveFile: optional('SPOTHOP_ALIVE_FILE') ?? ALIVE_FILE_DEFAULT,
    ...(powerOffCommand === undefined ? {} : { powerOffCommand }),
    ...(stateFolder === undefined ? {} : { stateFolder }),
  };
  if (reader.problems.length > 0) throw new InvalidConfiguration(reader.problems);
  return configuration;
};
