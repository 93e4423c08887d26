import { toIso } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/telemetry.ts';

/** One JSON object a line, as log collectors read it: timestamp, level, component, message, then the fields. */
export const jsonLog = (clock: Clock, component: string, write: (line: string) => void): Log => {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      write(`${JSON.stringify({ timestamp: toIso(clock.now()), level, component, message, ...fields })}\n`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
