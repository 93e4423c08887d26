/**
 * What a fleet file may ask for. Each bound stands beside the vendor's page or the limit of ours that sets it; the
 * messages a user reads are made from these numbers.
 */
import {
  INTERRUPTION_NOTICE_SECONDS,
  QUEUE_DELAY_SECONDS_MAX,
  SIGNAL_BATCH_SECONDS_MAX,
  SIGNALS_VISIBILITY_SECONDS,
  VISIBILITY_SECONDS_MIN,
} from '../fleet/limits.ts';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** What is counted, for the message: `seconds`, `machines`. */
  readonly unit: string;
}

/** The size of the file. A fleet is some 40 lines; the bound keeps hostile text from costing more than a moment. */
export const FILE_CHARACTERS_MAX = 65_536;

/** The deepest value of a valid file is five keys down. */
export const NESTING_MAX = 16;

/** Values after aliases are followed. */
export const VALUES_MAX = 10_000;

/**
 * All fleets together travel in the environment of each function, which holds 4 KB of names and values
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The rest is for the service's own variables.
 */
export const SERIALISED_BYTES_MAX = 3_300;

/** `https://sqs.ap-southeast-1.amazonaws.com/123456789012/spothop-production-…WorkQueue-ABCDEFGHIJKL`, without the name. */
export const OWN_QUEUE_URL_BYTES = 100;

/** `"…":{"queueUrl":"…","launchTemplateId":"lt-0123456789abcdef0","launchTemplateVersion":"999"}`, without name and URL. */
export const DEPLOYED_BYTES_EACH = 100;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
export const VISIBILITY_SECONDS: Bounds = { min: VISIBILITY_SECONDS_MIN, max: 43_200, unit: 'seconds' };

/** Our queues receive up to 1,000 times (`QUEUE_RECEIVES_MAX`); the ledger must call a task dead long before. */
export const MAX_FAILURES: Bounds = { min: 1, max: 100, unit: 'failures' };

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (DelaySeconds) */
export const RETRY_DELAY_SECONDS: Bounds = { min: 0, max: QUEUE_DELAY_SECONDS_MAX, unit: 'seconds' };

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html: 256 characters. */
export const ATTRIBUTE_NAME_CHARACTERS_MAX = 256;

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/fleet-quotas.html: target capacity of one fleet. With a maximum of
 * 0 a fleet is emptied.
 */
export const MACHINES: Bounds = { min: 0, max: 10_000, unit: 'machines' };

/** A spot price may pass the on-demand price; ten times it bounds nothing. */
export const PERCENT_OF_ON_DEMAND: Bounds = { min: 1, max: 1_000, unit: 'per cent' };

/** Up to a day: whoever can wait longer knows by when, and writes `windowHours`. */
export const ON_DEMAND_AFTER_SECONDS: Bounds = { min: 0, max: 86_400, unit: 'seconds' };

/** From one machine for each task to one machine for very many short ones. */
export const TARGET_BACKLOG: Bounds = { min: 1, max: 100_000, unit: 'tasks' };

/** AWS advises many types so that one pool's reclaim does not take the fleet; three is where the warning stops. */
export const INSTANCE_TYPES_ADVISED = 3;
export const INSTANCE_TYPES: Bounds = { min: 1, max: 100, unit: 'instance types' };

export const ZONES_ADVISED = 2;
export const ZONES: Bounds = { min: 1, max: 10, unit: 'zones' };

/** https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: 16 a network interface at most, 5 unless raised. */
export const SECURITY_GROUPS: Bounds = { min: 1, max: 16, unit: 'security groups' };

/**
 * The control plane releases at deadline − margin, and a warning may need two deliveries to arrive:
 * 2 × visibility of the signals queue + batch time < notice − margin (design section 6).
 */
export const MARGIN_SECONDS: Bounds = {
  min: 5,
  max: INTERRUPTION_NOTICE_SECONDS - 2 * SIGNALS_VISIBILITY_SECONDS - SIGNAL_BATCH_SECONDS_MAX - 1,
  unit: 'seconds',
};

/** A notice's whole length at least: what is announced later than that drains at once. */
export const WINDOW_SECONDS: Bounds = { min: INTERRUPTION_NOTICE_SECONDS, max: 86_400, unit: 'seconds' };

/** One minute is the least that a sweep can see; after a day a recommendation says nothing. */
export const WARY_MINUTES: Bounds = { min: 1, max: 1_440, unit: 'minutes' };

/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html: recipients of one message. */
export const RECIPIENTS: Bounds = { min: 0, max: 50, unit: 'recipients' };

/** https://datatracker.ietf.org/doc/html/rfc5321#section-4.5.3.1: a path of 256 with its brackets. */
export const ADDRESS_CHARACTERS_MAX = 254;

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html (ScheduleExpression) */
export const SCHEDULE_CHARACTERS_MAX = 256;

/** Units of the report's currency for one US dollar: from dinars (0.3) to rials (42,000), with room. */
export const PER_USD: Bounds = { min: 0.000_1, max: 10_000_000, unit: 'units for one US dollar' };

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB for everything that runs at first boot;
 * ours comes first, and the text travels with the fleets (`SERIALISED_BYTES_MAX`).
 */
export const SETUP_CHARACTERS_MAX = 2_000;
export const COMMAND_CHARACTERS_MAX = 1_000;

/** One item holds all leases of a machine; beyond this, more machines are the answer (lib/agent/configuration.ts). */
export const CONCURRENCY: Bounds = { min: 1, max: 100, unit: 'tasks at once' };

/** An hour leaves room for work; two weeks are the longest that a machine goes without the newest image. */
export const AGE_HOURS: Bounds = { min: 1, max: 336, unit: 'hours' };

/**
 * An hour leaves room for a start-up and a loss; SQS keeps messages for 14 days
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
 */
export const TASK_WINDOW_HOURS: Bounds = { min: 1, max: 336, unit: 'hours' };

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html (Name) */
export const PARAMETER_CHARACTERS_MAX = 1_011;

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html: 50 a resource; ten are kept for Spothop's own. */
export const TAGS_MAX = 40;
export const TAG_KEY_CHARACTERS_MAX = 128;
export const TAG_VALUE_CHARACTERS_MAX = 256;

/** A machine serves behind few; each costs one call for the machines that drain, and its ARN travels with the fleets. */
export const TARGET_GROUPS: Bounds = { min: 0, max: 10, unit: 'target groups' };

/** W4: a ready task is taken within this while a worker is free (design section 5). */
export const TASK_TAKEN_SECONDS_MAX = 140;
