/** What `npm start` was asked to do. */
export interface StartOptions {
  readonly json: boolean;
  readonly tasks: number;
  readonly instances: number;
  /** Wall-clock seconds that the batch may take at most; without it, what `secondsOf` says. */
  readonly seconds?: number;
  readonly seed: number;
  readonly script: boolean;
  readonly exec?: string;
  /** Folder for the record of the run. */
  readonly record?: string;
}

export const DEFAULTS = { tasks: 300, instances: 6, seed: 20_260_101 } as const;

/** Bounds that a laptop can keep; beyond them the run would measure the laptop. */
export const BOUNDS = {
  tasks: { min: 1, max: 20_000 },
  instances: { min: 1, max: 50 },
  seconds: { min: 10, max: 3_600 },
  seed: { min: 0, max: 2 ** 32 - 1 },
} as const;

export type NumberOption = keyof typeof BOUNDS;

/** A batch much larger than the usual one needs longer, and two cores work off more than three tasks a second. */
const SECONDS_LEAST = 100;
const TASKS_EACH_SECOND = 3;

export const secondsOf = ({ seconds, tasks }: StartOptions): number =>
  seconds ?? Math.max(SECONDS_LEAST, Math.ceil(tasks / TASKS_EACH_SECOND));

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
