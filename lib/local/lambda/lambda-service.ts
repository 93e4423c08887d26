/**
 * Lambda for the local cloud: the packaged bundles, run in threads with the environment and role of the template.
 *
 * Not modelled: see the files of this folder, each names its own gaps.
 */
import type { LocalContext, LocalPart } from '../service.ts';
import { createFunctions, type FunctionInvoker } from './functions.ts';
import { lambdaApi } from './lambda-api.ts';
import { createMappings } from './mapping-provider.ts';
import { lambdaProviders } from './providers.ts';

export interface LambdaService extends LocalPart {
  /** For whoever triggers functions: EventBridge, schedules, topics. */
  readonly functions: FunctionInvoker;
  /** Ends every thread and every mapping's loop. */
  readonly close: () => Promise<void>;
}

export const lambdaService = (context: LocalContext): LambdaService => {
  const functions = createFunctions(context);
  const mappings = createMappings(context, functions);
  return {
    services: [lambdaApi(functions)],
    providers: [...lambdaProviders(context, functions), mappings.provider],
    functions,
    close: async () => {
      const stopped = mappings.stop();
      await functions.close();
      await stopped;
    },
  };
};
