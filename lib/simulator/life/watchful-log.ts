import type { Log } from '../../ports/telemetry.ts';
import type { Judge } from '../audit/promises.ts';
import { SECRET } from './workload.ts';

/** What a field of a log line says; nearly all of them are short texts and numbers. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
};

/** A log that looks for what must be in none. */
export const watchfulLog = (judge: Judge): Log => {
  const look = (message: string, fields: object = {}): void => {
    const isTold = message.includes(SECRET) || Object.values(fields).some((value) => textOf(value).includes(SECRET));
    if (isTold) judge.say('S2', `the log says ${message} with a payload`);
  };
  return { debug: look, info: look, warn: look, error: look };
};
