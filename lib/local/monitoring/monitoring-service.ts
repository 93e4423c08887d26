/**
 * CloudWatch: metrics and alarms are kept and listed.
 *
 * What it does not model: statistics, alarm evaluation (every alarm says INSUFFICIENT_DATA), dashboards, and protocols
 * other than JSON.
 */
import type { Clock } from '../../ports/clock.ts';
import { jsonAnswer, jsonError } from '../http/answers.ts';
import { jsonBody, jsonTarget } from '../http/json-call.ts';
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type LocalService } from '../service.ts';
import type { MetricDatum, MonitoringStore } from './monitoring-store.ts';

interface PutMetricData {
  readonly Namespace: string;
  readonly MetricData?: readonly {
    readonly MetricName: string;
    readonly Value?: number;
    readonly Values?: readonly number[];
    readonly Unit?: string;
    readonly Dimensions?: MetricDatum['dimensions'];
  }[];
}

type Input = Readonly<Record<string, unknown>>;
type Operation = (store: MonitoringStore, clock: Clock, input: Input) => unknown;

const putMetricData: Operation = (store, clock, input) => {
  const { Namespace, MetricData = [] } = input as unknown as PutMetricData;
  for (const datum of MetricData) {
    for (const value of datum.Values ?? [datum.Value ?? 0]) {
      store.metrics.push({
        at: clock.now(),
        namespace: Namespace,
        name: datum.MetricName,
        dimensions: datum.Dimensions ?? [],
        value,
        unit: datum.Unit ?? 'None',
      });
    }
  }
  return {};
};

const listMetrics: Operation = (store, _clock, input) => {
  const distinct = new Map<string, unknown>();
  for (const { namespace, name, dimensions } of store.metrics) {
    const wanted = [input['Namespace'] ?? namespace, input['MetricName'] ?? name];
    if (wanted[0] !== namespace || wanted[1] !== name) continue;
    const metric = { Namespace: namespace, MetricName: name, Dimensions: dimensions };
    distinct.set(JSON.stringify(metric), metric);
  }
  return { Metrics: [...distinct.values()] };
};

export const alarmArn = (name: string): string => `arn:aws:cloudwatch:${LOCAL_REGION}:${LOCAL_ACCOUNT}:alarm:${name}`;

const describeAlarms: Operation = (store, _clock, input) => {
  const names = input['AlarmNames'] as readonly string[] | undefined;
  const prefix = String(input['AlarmNamePrefix'] ?? '');
  const alarms = [...store.alarms.values()].filter(
    ({ name }) => name.startsWith(prefix) && (names?.includes(name) ?? true),
  );
  return {
    MetricAlarms: alarms.map(({ name, properties }) => ({
      ...properties,
      AlarmName: name,
      AlarmArn: alarmArn(name),
      StateValue: 'INSUFFICIENT_DATA',
    })),
    CompositeAlarms: [],
  };
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  PutMetricData: putMetricData,
  ListMetrics: listMetrics,
  DescribeAlarms: describeAlarms,
};

export const monitoringService = (store: MonitoringStore, clock: Clock): LocalService => {
  return {
    signingNames: ['monitoring'],
    understand: (request) => {
      const operation = jsonTarget(request);
      if (OPERATIONS[operation] === undefined) {
        throw new AwsError(
          400,
          'InvalidAction',
          `The local CloudWatch does not serve ${operation}; it serves ${Object.keys(OPERATIONS).join(', ')}.`,
        );
      }
      const namespace = jsonBody(request)['Namespace'];
      const context = namespace === undefined ? {} : { 'cloudwatch:namespace': String(namespace) };
      return {
        action: `cloudwatch:${operation}`,
        checks: [{ action: `cloudwatch:${operation}`, resource: '*', context }],
        parameters: {},
      };
    },
    handle: async (request) => {
      const operation = OPERATIONS[jsonTarget(request)];
      return jsonAnswer(operation?.(store, clock, jsonBody(request)) ?? {});
    },
    error: (status, code, message) => jsonError(status, code, message),
  };
};
