/**
 * CloudWatch Logs: what is put is kept and listed.
 *
 * What it does not model: retention, filter patterns beyond plain text, queries, subscriptions. What functions print is
 * in the state folder's files, not here.
 */
import type { Clock } from '../../ports/clock.ts';
import { jsonAnswer, jsonError } from '../http/answers.ts';
import { jsonBody, jsonTarget } from '../http/json-call.ts';
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type LocalService } from '../service.ts';
import type { LogEvent, LogGroup, MonitoringStore } from './monitoring-store.ts';

type Input = Readonly<Record<string, unknown>>;
type Operation = (store: MonitoringStore, clock: Clock, input: Input) => unknown;

export const logGroupArn = (name: string): string => `arn:aws:logs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:log-group:${name}`;

const groupOf = (store: MonitoringStore, input: Input): LogGroup => {
  const group = store.logGroups.get(String(input['logGroupName']));
  if (group === undefined) {
    throw new AwsError(
      400,
      'ResourceNotFoundException',
      `The specified log group ${String(input['logGroupName'])} does not exist.`,
    );
  }
  return group;
};

const streamOf = (store: MonitoringStore, input: Input): LogEvent[] => {
  const stream = groupOf(store, input).streams.get(String(input['logStreamName']));
  if (stream === undefined)
    throw new AwsError(400, 'ResourceNotFoundException', 'The specified log stream does not exist.');
  return stream;
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateLogGroup: (store, clock, input) => {
    const name = String(input['logGroupName']);
    if (store.logGroups.has(name)) {
      throw new AwsError(400, 'ResourceAlreadyExistsException', 'The specified log group already exists');
    }
    store.logGroups.set(name, { name, createdAt: clock.now(), streams: new Map() });
    return {};
  },
  CreateLogStream: (store, _clock, input) => {
    groupOf(store, input).streams.set(String(input['logStreamName']), []);
    return {};
  },
  PutLogEvents: (store, _clock, input) => {
    streamOf(store, input).push(...((input['logEvents'] as LogEvent[]) ?? []));
    return { nextSequenceToken: '1' };
  },
  DescribeLogGroups: (store, _clock, input) => ({
    logGroups: [...store.logGroups.values()]
      .filter((group) => group.name.startsWith(String(input['logGroupNamePrefix'] ?? '')))
      .map((group) => ({
        logGroupName: group.name,
        arn: `${logGroupArn(group.name)}:*`,
        creationTime: group.createdAt,
        ...(group.retentionDays !== undefined && { retentionInDays: group.retentionDays }),
      })),
  }),
  DescribeLogStreams: (store, _clock, input) => ({
    logStreams: [...groupOf(store, input).streams.keys()].map((logStreamName) => ({ logStreamName })),
  }),
  FilterLogEvents: (store, _clock, input) => {
    const wanted = String(input['filterPattern'] ?? '').replace(/^"|"$/g, '');
    const streams = [...groupOf(store, input).streams];
    const events = streams.flatMap(([logStreamName, all]) => all.map((event) => ({ logStreamName, ...event })));
    return { events: events.filter((event) => event.message.includes(wanted)) };
  },
};

export const logsService = (store: MonitoringStore, clock: Clock): LocalService => {
  return {
    signingNames: ['logs'],
    understand: (request) => {
      const operation = jsonTarget(request);
      if (OPERATIONS[operation] === undefined) {
        throw new AwsError(
          400,
          'UnknownOperationException',
          `The local CloudWatch Logs does not serve ${operation}; it serves ${Object.keys(OPERATIONS).join(', ')}.`,
        );
      }
      const input = jsonBody(request);
      const group = input['logGroupName'];
      const stream = input['logStreamName'] === undefined ? '*' : `log-stream:${String(input['logStreamName'])}`;
      const resource = group === undefined ? '*' : `${logGroupArn(String(group))}:${stream}`;
      return {
        action: `logs:${operation}`,
        checks: [{ action: `logs:${operation}`, resource, context: {} }],
        parameters: group === undefined ? {} : { logGroup: group },
      };
    },
    handle: async (request) => {
      const operation = OPERATIONS[jsonTarget(request)];
      return jsonAnswer(operation?.(store, clock, jsonBody(request)) ?? {}, '1.1');
    },
    error: (status, code, message) => jsonError(status, code, message, '1.1'),
  };
};
