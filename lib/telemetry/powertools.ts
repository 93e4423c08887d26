import type { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit, type Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import type { Log, LogFields, Metrics } from '../ports/telemetry.ts';
import { METRICS } from './names.ts';

/** JSON lines with timestamp, level and service, through Powertools. */
export const powertoolsLog = (logger: Logger): Log => {
  const fieldsOf = (fields: LogFields = {}) => ({ ...fields });
  return {
    debug: (message, fields) => logger.debug(message, fieldsOf(fields)),
    info: (message, fields) => logger.info(message, fieldsOf(fields)),
    warn: (message, fields) => logger.warn(message, fieldsOf(fields)),
    error: (message, fields) => logger.error(message, fieldsOf(fields)),
  };
};

/** Embedded metrics: the stack's total, which the alarms watch, and the same under its dimensions. */
export const powertoolsMetrics = (metrics: PowertoolsMetrics): Metrics => ({
  count: (name, value = 1, dimensions = {}) => {
    const unit = MetricUnit[METRICS[name].unit];
    metrics.addMetric(name, unit, value);
    const named = Object.entries(dimensions);
    if (named.length === 0) return;
    const single = metrics.singleMetric();
    for (const [dimension, of] of named) single.addDimension(dimension, of);
    single.addMetric(name, unit, value);
  },
});
