import { CONCURRENCY } from '../../config/bounds.ts';
import type { RecordPlace } from './record-file.ts';

/** What `npm start` was asked to do. */
export interface StartOptions {
  readonly json: boolean;
  readonly tasks: number;
  readonly instances: number;
  /** Tasks at once on each machine. */
  readonly concurrency: number;
  /** Wall-clock seconds that the batch may take at most; without it, what `secondsOf` says. */
  readonly seconds?: number;
  readonly seed: number;
  /** Service time runs this much faster than the wall clock; every limit is divided by it alike. */
  readonly timeFactor: number;
  readonly script: boolean;
  /** The worker: a task file or a command, at most one of them; the demonstration's own without. */
  readonly task?: string;
  readonly exec?: string;
  /** A file with one task body a line; the demonstration's tasks without. */
  readonly input?: string;
  /** Where each body has its id; without it the id follows from the body. */
  readonly idPath?: string;
  /** The file for what became of each task; without it a file in the run's folder. */
  readonly results?: string;
  /** Where the record of the run goes; the run's own folder without. */
  readonly record?: RecordPlace;
}

export const DEFAULTS = { tasks: 300, instances: 6, concurrency: 1, seed: 20_260_101, timeFactor: 10 } as const;

/** Bounds that a laptop can keep; beyond them the run would measure the laptop. */
export const BOUNDS = {
  tasks: { min: 1, max: 20_000 },
  instances: { min: 1, max: 50 },
  concurrency: CONCURRENCY,
  seconds: { min: 10, max: 3_600 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  'time-factor': { min: 1, max: 20 },
} as const;

export type NumberOption = keyof typeof BOUNDS;

/** A batch much larger than the usual one needs longer, and two cores work off more than three tasks a second. */
const SECONDS_LEAST = 100;
const TASKS_EACH_SECOND = 3;

/** Nobody here knows how long a task of the user's own takes. */
const OWN_TASKS_SECONDS = 600;

export const secondsOf = ({ seconds, tasks, input }: Pick<StartOptions, 'seconds' | 'tasks' | 'input'>): number => {
  if (seconds !== undefined) return seconds;
  return input === undefined ? Math.max(SECONDS_LEAST, Math.ceil(tasks / TASKS_EACH_SECOND)) : OWN_TASKS_SECONDS;
};

/** The number, or what is wrong with it. */
export const readNumber = (
  option: NumberOption,
  text: string,
): { readonly value: number } | { readonly problem: string } => {
  const { min, max } = BOUNDS[option];
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return { value };
  return { problem: `--${option} ${text.slice(0, 20)} is not a whole number from ${min} to ${max}` };
};
