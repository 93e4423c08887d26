/**
 * Event source mappings as resources of the template: checked as Lambda checks them, then run until deleted.
 *
 * Not modelled: sources other than SQS, and changing a mapping in place (it is stopped and made anew).
 */
import { createHash } from 'node:crypto';
import { serviceOfArn } from '../arns.ts';
import { compilePattern } from '../events/event-pattern.ts';
import { AwsError, type LocalContext, type ResourceInput, type ResourceProvider } from '../service.ts';
import { flag, list, object, objects, optionalNumber, type Properties, text } from '../template-values.ts';
import { lackingAction, type MappingSettings, runMapping } from './event-source-mapping.ts';
import { functionNameOf } from './function-configuration.ts';
import type { Functions } from './functions.ts';
import { eventSourceMappingArn } from './providers.ts';

const invalid = (message: string): AwsError => new AwsError(400, 'InvalidParameterValueException', message);

const uuidFrom = (seed: string): string => {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

const filtersOf = (properties: Properties): readonly unknown[] =>
  objects(object(properties, 'FilterCriteria'), 'Filters').map((filter): unknown => {
    const pattern: unknown = JSON.parse(text(filter, 'Pattern'));
    compilePattern(pattern);
    return pattern;
  });

const settingsFrom = ({ stackName, logicalId, properties }: ResourceInput): MappingSettings => ({
  id: uuidFrom(`${stackName}/${logicalId}`),
  queueArn: text(properties, 'EventSourceArn'),
  functionName: functionNameOf(text(properties, 'FunctionName')),
  batchSize: optionalNumber(properties, 'BatchSize') ?? 10,
  batchingWindowSeconds: optionalNumber(properties, 'MaximumBatchingWindowInSeconds') ?? 0,
  reportsFailures: list(properties, 'FunctionResponseTypes').includes('ReportBatchItemFailures'),
  concurrencyMax: optionalNumber(object(properties, 'ScalingConfig'), 'MaximumConcurrency'),
  filters: filtersOf(properties),
});

const check = (context: LocalContext, settings: MappingSettings, functions: Functions): void => {
  if (serviceOfArn(settings.queueArn) !== 'sqs')
    throw invalid(`Unrecognized event source: ${settings.queueArn}. The local cloud knows SQS queues.`);
  if (settings.batchSize > 10 && settings.batchingWindowSeconds < 1) {
    throw invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10');
  }
  if (settings.concurrencyMax !== undefined && (settings.concurrencyMax < 2 || settings.concurrencyMax > 1_000)) {
    throw invalid('Maximum concurrency must be between 2 and 1000');
  }
  const { configuration } = functions.get(settings.functionName);
  const lacking = lackingAction(context, configuration, settings.queueArn);
  if (lacking !== undefined) {
    throw invalid(`The provided execution role does not have permissions to call ${lacking} on SQS`);
  }
};

export interface Mappings {
  readonly provider: ResourceProvider;
  /** Ends every loop. They also end with the context's signal. */
  stop(): Promise<void>;
}

export const createMappings = (context: LocalContext, functions: Functions): Mappings => {
  const running = new Map<string, { readonly stop: AbortController; readonly loop: Promise<void> }>();

  const start = (settings: MappingSettings): void => {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, context.signal]);
    running.set(settings.id, { stop, loop: runMapping(context, functions, settings, signal) });
  };

  const provider: ResourceProvider = {
    type: 'AWS::Lambda::EventSourceMapping',
    create: async (input) => {
      const settings = settingsFrom(input);
      check(context, settings, functions);
      if (flag(input.properties, 'Enabled', true)) start(settings);
      const { id } = settings;
      const attributes = { Id: id, EventSourceMappingArn: eventSourceMappingArn(id) };
      return { physicalId: id, ref: id, attributes, properties: input.properties };
    },
    delete: async (existing) => {
      running.get(existing.physicalId)?.stop.abort();
      running.delete(existing.physicalId);
    },
  };
  return {
    provider,
    stop: async () => {
      for (const { stop } of running.values()) stop.abort();
      await Promise.all([...running.values()].map(({ loop }) => loop));
    },
  };
};
