import { z } from 'zod';
import {
  DRAIN_MARGIN_SECONDS_DEFAULT,
  SPOT_PERCENT_MAX_DEFAULT,
  VISIBILITY_SECONDS_DEFAULT,
  WARY_SECONDS_DEFAULT,
} from '../fleet/limits.ts';
import { attachShape } from './attach-schema.ts';
import * as bounds from './bounds.ts';
import { checkedText, choice, decimal, helped, listOf, matching, shellText, wholeNumber, yesOrNo } from './fields.ts';
import { INSTANCE_TYPE } from './instance-type.ts';
import { scheduleFault } from './schedule-expression.ts';
import { timeZoneFault } from './time-zone.ts';

/** The form of the fleet file that this version reads. */
export const FLEET_FILE_VERSION = 1;

export const FLEET_NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** Keys of their own; the fix offers `{}` where nothing in them is required. */
const section = <S extends z.core.$ZodLooseShape>(shape: S) => {
  const schema = z.strictObject(shape);
  const keys = Object.keys(shape).join(', ');
  const fix = `write its keys below it, indented${schema.safeParse({}).success ? ', or {}' : ''}`;
  return helped(schema, `a set of keys (${keys})`, fix);
};

/** A zone's name, an availability zone or a local one: `us-east-1a`, `us-west-2-lax-1a`. */
const zone = matching(/^[a-z]{2}(?:-[a-z]+)+-\d+(?:-[a-z]+-\d+)?[a-z]$/, 'the name of a zone', 'us-east-1a');

/** EC2's ids have 8 or 17 hexadecimal digits (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html). */
const resourceId = (kind: string, expected: string) =>
  matching(new RegExp(`^${kind}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`), expected, `${kind}-0123456789abcdef0`);

const subnet = resourceId('subnet', 'the id of a subnet');

const queue = section({
  url: matching(
    /^(?:https:\/\/[\w.-]+|http:\/\/(?:[\w-]+\.)*(?:localhost|127\.0\.0\.1):\d+)\/\d{12}\/[\w-]{1,80}$/,
    'the URL of a standard SQS queue (FIFO queues are not read)',
    'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
  ).optional(),
  arn: matching(
    /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/,
    'the ARN of a standard SQS queue (FIFO queues are not read)',
    'arn:aws:sqs:us-east-1:123456789012:jobs',
  ).optional(),
  taskIdPath: matching(
    /^(?:\$\.)?[\w-]{1,64}(?:\.[\w-]{1,64}){0,9}$/,
    "a path of keys into the message's JSON body",
    'job.id',
  ).optional(),
  taskIdAttribute: matching(
    new RegExp(`^[\\w.-]{1,${bounds.ATTRIBUTE_NAME_CHARACTERS_MAX}}$`),
    'the name of a message attribute',
    'JobId',
  ).optional(),
  visibilitySeconds: wholeNumber(bounds.VISIBILITY_SECONDS).default(VISIBILITY_SECONDS_DEFAULT),
  maxFailures: wholeNumber(bounds.MAX_FAILURES).default(3),
  retryDelaySeconds: wholeNumber(bounds.RETRY_DELAY_SECONDS).default(30),
});

const network = section({
  subnets: helped(
    z.union([z.array(subnet).min(1).max(bounds.ZONES.max), z.record(z.string(), subnet)]),
    'a subnet for each zone, in the order of `zones` or under their names',
    'write a list like [subnet-0123456789abcdef0], or { us-east-1a: subnet-0123456789abcdef0 }',
  ),
  securityGroups: listOf(
    resourceId('sg', 'the id of a security group'),
    bounds.SECURITY_GROUPS,
    'sg-0123456789abcdef0',
  ),
});

const capacity = section({
  min: wholeNumber(bounds.MACHINES).default(0),
  max: wholeNumber(bounds.MACHINES),
  targetBacklog: wholeNumber(bounds.TARGET_BACKLOG).default(10),
});

const spot = section({
  maxPercentOfOnDemand: wholeNumber(bounds.PERCENT_OF_ON_DEMAND).default(SPOT_PERCENT_MAX_DEFAULT),
  strategy: choice('capacity', 'balanced', 'cheapest').default('capacity'),
});

const onDemand = section({
  base: wholeNumber(bounds.MACHINES).default(0),
  fallback: yesOrNo().default(true),
  max: wholeNumber(bounds.MACHINES).optional(),
  afterSeconds: wholeNumber(bounds.ON_DEMAND_AFTER_SECONDS).default(0),
});

const drain = section({
  marginSeconds: wholeNumber(bounds.MARGIN_SECONDS).default(DRAIN_MARGIN_SECONDS_DEFAULT),
  windowSeconds: wholeNumber(bounds.WINDOW_SECONDS).default(bounds.WINDOW_SECONDS.min),
  waryMinutes: wholeNumber(bounds.WARY_MINUTES).default(WARY_SECONDS_DEFAULT / 60),
  rebalance: choice('wary', 'ignore', 'drain').default('wary'),
});

const address = () =>
  helped(
    z.email().max(bounds.ADDRESS_CHARACTERS_MAX),
    'an e-mail address without a display name',
    'write one like ops@example.com',
  );

const currencyCode = helped(
  z.string().refine((code) => Intl.supportedValuesOf('currency').includes(code)),
  'a currency code of ISO 4217',
  'write USD, or a code and your rate like { code: EUR, perUsd: 0.92 }',
);

const report = section({
  recipients: listOf(address(), bounds.RECIPIENTS, 'ops@example.com').default([]),
  from: address().optional(),
  schedule: checkedText(scheduleFault, 'a schedule', 'write one like cron(0 8 ? * MON *)').default(
    'cron(0 8 ? * MON *)',
  ),
  timeZone: checkedText(timeZoneFault, 'the name of a time zone', 'write one like Europe/Berlin').default('UTC'),
  currency: helped(
    z.union([currencyCode, section({ code: currencyCode, perUsd: decimal(bounds.PER_USD).optional() })]),
    'a currency code, or a code and a rate',
    'write USD, or { code: EUR, perUsd: 0.92 }',
  ).default('USD'),
});

const commandLine = (example: string) =>
  shellText(bounds.COMMAND_CHARACTERS_MAX, /^(?=\s*\S)[^\0\r\n]*$/, 'one line', example);

const worker = section({
  command: commandLine('python3 worker.py').optional(),
  task: matching(
    /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[\w./@-]{1,200}\.[cm]?[jt]s$/,
    'the path of a TypeScript or JavaScript file inside the project',
    './examples/index-sources/task.ts',
  ).optional(),
  supervise: commandLine('prefect worker start --pool spot').optional(),
  concurrency: wholeNumber(bounds.CONCURRENCY).default(1),
  setup: shellText(
    bounds.SETUP_CHARACTERS_MAX,
    /^(?=\s*\S)[^\0]*$/,
    'shell lines',
    'dnf install -y python3.12',
  ).optional(),
  maximumAgeHours: wholeNumber(bounds.AGE_HOURS).default(24),
});

/** One fleet, as a user writes it. What concerns several fields at once is in `fleet-rules.ts`. */
export const FleetSchema = section({
  mode: choice('observe', 'attach', 'manage'),
  tier: choice('bulk', 'realtime').default('bulk'),
  windowHours: wholeNumber(bounds.TASK_WINDOW_HOURS).optional(),
  queue: queue.prefault({}),
  attach: section(attachShape).prefault({}),
  instanceTypes: listOf(
    matching(INSTANCE_TYPE, 'an EC2 instance type', 'c7g.large'),
    bounds.INSTANCE_TYPES,
    'c7g.large, c6g.large, m7g.large',
  ),
  zones: listOf(zone, bounds.ZONES, 'us-east-1a, us-east-1b'),
  allowSingleZone: yesOrNo().default(false),
  network: network.optional(),
  capacity,
  spot: spot.prefault({}),
  onDemand: onDemand.prefault({}),
  drain: drain.prefault({}),
  report: report.prefault({}),
  worker,
  upgrade: choice('on-replacement', 'rolling').default('on-replacement'),
  image: matching(
    new RegExp(`^(?=.{2,${bounds.PARAMETER_CHARACTERS_MAX}}$)(?:/[\\w.-]+)+$`),
    "the path of an SSM parameter that holds an image's id",
    '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
  ).optional(),
  architecture: choice('arm64', 'x86_64').optional(),
  tags: helped(
    z.record(
      z.string(),
      helped(
        z
          .string()
          .max(bounds.TAG_VALUE_CHARACTERS_MAX)
          .regex(/^[\p{L}\p{N}\p{Zs}_.:/=+@-]*$/u),
        `text of at most ${bounds.TAG_VALUE_CHARACTERS_MAX} letters, digits, blanks and _ . : / = + @ -`,
        'shorten it, or put a number in quotes',
      ),
    ),
    'a set of tag names with text',
    'write one like { team: data }',
  ).default({}),
});

export const FleetFileSchema = helped(
  section({
    version: helped(
      z.literal(FLEET_FILE_VERSION),
      `${FLEET_FILE_VERSION}, the only form that this version of Spothop reads`,
      `write version: ${FLEET_FILE_VERSION}`,
    ),
    fleets: helped(
      z.record(z.string(), FleetSchema).refine((fleets) => Object.keys(fleets).length > 0),
      'a set of at least one fleet',
      'write the name of a fleet below it, and its keys below that',
    ),
  }),
  'a set of keys (version, fleets)',
  `begin with version: ${FLEET_FILE_VERSION} and fleets:`,
);

export type FleetSource = z.output<typeof FleetSchema>;
/** What a user may leave out is optional here. */
export type FleetSourceInput = z.input<typeof FleetSchema>;
