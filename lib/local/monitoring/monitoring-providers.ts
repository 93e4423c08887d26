/**
 * AWS::CloudWatch::Alarm and AWS::Logs::LogGroup.
 *
 * What it does not model: alarms are stored and listed, never evaluated; log groups keep everything.
 */
import type { Clock } from '../../ports/clock.ts';
import { generatedName } from '../cloudformation/physical-name.ts';
import type { ProvisionedResource, ResourceInput, ResourceProvider } from '../service.ts';
import { logGroupArn } from './logs-service.ts';
import { alarmArn } from './monitoring-service.ts';
import type { MonitoringStore } from './monitoring-store.ts';

/** Alarms and log groups are known by name alone, so an update is the same as making them. */
const namedProvider = (
  type: string,
  nameOf: (input: ResourceInput) => string,
  put: (name: string, input: ResourceInput) => Record<string, string>,
  remove: (name: string) => void,
): ResourceProvider => {
  const make = (name: string, input: ResourceInput): ProvisionedResource => ({
    physicalId: name,
    ref: name,
    attributes: put(name, input),
    properties: input.properties,
  });
  return {
    type,
    create: async (input) => make(nameOf(input), input),
    update: async (input, existing) => {
      remove(existing.physicalId);
      return make(nameOf(input), input);
    },
    delete: async (existing) => remove(existing.physicalId),
  };
};

export const alarmProvider = (store: MonitoringStore, random: () => number): ResourceProvider =>
  namedProvider(
    'AWS::CloudWatch::Alarm',
    (input) => String(input.properties['AlarmName'] ?? generatedName(input, random)),
    (name, input) => {
      store.alarms.set(name, { name, properties: input.properties });
      return { Arn: alarmArn(name) };
    },
    (name) => store.alarms.delete(name),
  );

export const logGroupProvider = (store: MonitoringStore, clock: Clock, random: () => number): ResourceProvider =>
  namedProvider(
    'AWS::Logs::LogGroup',
    (input) => String(input.properties['LogGroupName'] ?? generatedName(input, random)),
    (name, input) => {
      const retention = input.properties['RetentionInDays'];
      store.logGroups.set(name, {
        name,
        createdAt: clock.now(),
        streams: store.logGroups.get(name)?.streams ?? new Map(),
        ...(retention !== undefined && { retentionDays: Number(retention) }),
      });
      return { Arn: `${logGroupArn(name)}:*` };
    },
    (name) => store.logGroups.delete(name),
  );
