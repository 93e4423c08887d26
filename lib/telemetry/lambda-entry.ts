import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Log, Metrics } from '../ports/telemetry.ts';
import { powertoolsLog, powertoolsMetrics } from './powertools.ts';

export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * What every function has around it: a logger with the invocation's context, and metrics flushed at its end. The
 * handler is built by the first invocation and kept, so that importing a function's file touches nothing.
 */
export const lambdaEntry = <Event, Result>(
  component: string,
  build: (telemetry: Telemetry) => (event: Event, context: Context) => Promise<Result>,
) => {
  const logger = new Logger({ serviceName: 'spothop', persistentKeys: { component } });
  const metrics = new PowertoolsMetrics({ namespace: 'Spothop', serviceName: 'spothop' });
  let handle: ReturnType<typeof build> | undefined;
  return middy<Event, Result, Error, Context>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics, { captureColdStartMetric: false }))
    .handler((event, context) => {
      handle ??= build({ log: powertoolsLog(logger), metrics: powertoolsMetrics(metrics) });
      return handle(event, context);
    });
};
