/**
 * EventBridge for the local cloud.
 *
 * Not modelled: see the files of this folder, each names its own gaps.
 */
import type { FunctionInvoker } from '../lambda/functions.ts';
import type { AwsEvent, LocalContext, LocalPart } from '../service.ts';
import { createEventBus } from './event-bus.ts';
import { eventsApi } from './events-api.ts';
import { ruleProvider } from './rule-provider.ts';

export interface EventBridge extends LocalPart {
  /** An event of an AWS service, onto the default bus. */
  readonly receiveEvent: (event: AwsEvent) => void;
  /** Resolves when every event put so far has been handed to its targets. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const eventBridge = (context: LocalContext, functions: FunctionInvoker): EventBridge => {
  const bus = createEventBus(context, functions);
  return {
    services: [eventsApi(bus)],
    providers: [ruleProvider(context, bus)],
    receiveEvent: (event) => void bus.put(event),
    settled: bus.settled,
    close: bus.settled,
  };
};
