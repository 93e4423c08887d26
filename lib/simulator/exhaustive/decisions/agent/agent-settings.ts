import {
  type AgentConfiguration,
  InvalidConfiguration,
  readAgentConfiguration,
} from '../../../../agent/configuration.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

const COMPLETE = {
  SPOTHOP_FLEET: 'words',
  SPOTHOP_INSTANCES_TABLE: 'instances',
  SPOTHOP_TASKS_TABLE: 'tasks',
  SPOTHOP_QUEUE_URL: 'https://queue',
  SPOTHOP_DEAD_LETTER_QUEUE_URL: 'https://dead',
  SPOTHOP_WAKE_QUEUE_URL: 'https://wake',
  SPOTHOP_CONTENT_BUCKET: 'content',
  SPOTHOP_ACCOUNT: '123456789012',
  AWS_REGION: 'us-east-1',
  SPOTHOP_EXEC: './work.sh',
};

interface Case {
  readonly variables: Readonly<Record<string, string>>;
  readonly reads: (told: AgentConfiguration) => unknown;
  readonly meaning: string;
}

const REFUSED = 'refused, 1 problem';

/** A number, what it is without the variable, and between which bounds it is accepted. */
const numbers = (
  variable: string,
  reads: (told: AgentConfiguration) => number,
  { least, most, otherwise, step = 1 }: { least: number; most: number; otherwise: number; step?: number },
): Case[] => [
  { variables: {}, reads, meaning: String(otherwise) },
  { variables: { [variable]: '' }, reads, meaning: String(otherwise) },
  { variables: { [variable]: String(least) }, reads, meaning: String(least) },
  { variables: { [variable]: String(most) }, reads, meaning: String(most) },
  { variables: { [variable]: String(least - step) }, reads, meaning: REFUSED },
  { variables: { [variable]: String(most + step) }, reads, meaning: REFUSED },
  { variables: { [variable]: 'many' }, reads, meaning: REFUSED },
];

const policyOf = ({ settings }: AgentConfiguration) => settings.drainPolicy;

const CASES: readonly Case[] = [
  ...numbers('SPOTHOP_CONCURRENCY', ({ settings }) => settings.concurrency, { least: 1, most: 100, otherwise: 1 }),
  ...numbers('SPOTHOP_VISIBILITY_SECONDS', ({ settings }) => settings.visibilitySeconds, {
    least: 10,
    most: 43_200,
    otherwise: 60,
  }),
  ...numbers('SPOTHOP_FAILURES_MAX', ({ settings }) => settings.failuresMax, { least: 1, most: 1_000, otherwise: 3 }),
  ...numbers('SPOTHOP_RETRY_DELAY_SECONDS', ({ settings }) => settings.retryDelaySeconds, {
    least: 0,
    most: 43_200,
    otherwise: 30,
  }),
  ...numbers('SPOTHOP_STOP_SECONDS', ({ settings }) => settings.stopSeconds, { least: 1, most: 3_600, otherwise: 90 }),
  ...numbers('SPOTHOP_MAXIMUM_AGE_HOURS', ({ settings }) => settings.maximumAgeSeconds / 3_600, {
    least: 0.25,
    most: 8_760,
    otherwise: 24,
    step: 0.01,
  }),
  // A margin as long as the notice leaves none of it; a window shorter than the notice would not hold it.
  ...numbers('SPOTHOP_DRAIN_MARGIN_SECONDS', (told) => policyOf(told).marginSeconds, {
    least: 0,
    most: 120,
    otherwise: 10,
  }),
  ...numbers('SPOTHOP_DRAIN_WINDOW_SECONDS', (told) => policyOf(told).windowSeconds, {
    least: 120,
    most: 86_400,
    otherwise: 120,
  }),
  ...numbers('SPOTHOP_WARY_SECONDS', (told) => policyOf(told).warySeconds, { least: 0, most: 86_400, otherwise: 900 }),
  ...['', 'wary', 'ignore', 'drain', 'Drain', 'never'].map((text) => ({
    variables: { SPOTHOP_REBALANCE: text },
    reads: (told: AgentConfiguration) => policyOf(told).rebalance,
    meaning: { '': 'wary', wary: 'wary', ignore: 'ignore', drain: 'drain' }[text] ?? REFUSED,
  })),
  ...Object.keys(COMPLETE).map((variable) => ({
    variables: { [variable]: '' },
    reads: () => 'accepted',
    meaning: REFUSED,
  })),
  { variables: {}, reads: ({ worker }) => JSON.stringify(worker), meaning: '{"command":"./work.sh"}' },
  {
    variables: { SPOTHOP_EXEC: '', SPOTHOP_TASK: 'a.mjs' },
    reads: ({ worker }) => JSON.stringify(worker),
    meaning: '{"taskFile":"a.mjs"}',
  },
  {
    variables: { SPOTHOP_EXEC: '', SPOTHOP_SUPERVISE: 'w' },
    reads: ({ worker }) => JSON.stringify(worker),
    meaning: '{"supervised":"w"}',
  },
  { variables: { SPOTHOP_TASK: 'a.mjs' }, reads: () => 'accepted', meaning: REFUSED },
  { variables: { SPOTHOP_TASK: 'a.mjs', SPOTHOP_SUPERVISE: 'w' }, reads: () => 'accepted', meaning: REFUSED },
  {
    variables: { SPOTHOP_FLEET: '', AWS_REGION: '', SPOTHOP_CONCURRENCY: '0' },
    reads: () => 'accepted',
    meaning: 'refused, 3 problems',
  },
  {
    variables: { AWS_REGION: 'eu-central-1', SPOTHOP_TASK_ID_PATH: 'order.id', SPOTHOP_TASK_ID_ATTRIBUTE: 'id' },
    reads: ({ settings, ...told }) =>
      [
        settings.fleet,
        settings.taskIdPath,
        settings.taskIdAttribute,
        told.instancesTable,
        told.tasksTable,
        told.queueUrl,
        told.deadLetterQueueUrl,
        told.wakeQueueUrl,
        told.contentBucket,
        told.account,
        told.region,
      ].join(' '),
    meaning:
      'words order.id id instances tasks https://queue https://dead https://wake content 123456789012 eu-central-1',
  },
  {
    variables: {},
    reads: (told) => [
      told.settings.taskIdPath,
      told.settings.taskIdAttribute,
      told.powerOffCommand,
      told.stateFolder,
      told.aliveFile,
      told.metadataEndpoint,
    ],
    meaning: ',,,,/run/spothop/alive,http://169.254.169.254',
  },
];

const decided = ({ variables, reads }: Case): string => {
  try {
    return String(reads(readAgentConfiguration({ ...COMPLETE, ...variables })));
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    const { length } = error.problems;
    return `refused, ${length} problem${length === 1 ? '' : 's'}`;
  }
};

/** What an agent is told by its environment, and what it takes when it is told nothing (docs/machines.md). */
export const agentSettings: DecisionTable = {
  name: 'what an agent is told by its environment',
  promise: 'N1',
  tryAll: () => compareDecisions(CASES, decided, ({ meaning }) => meaning),
};
