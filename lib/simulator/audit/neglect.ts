import type { Promised } from './promises.ts';

/** A promise that somebody has not kept, judged by what they had seen themselves. */
export interface Neglect {
  readonly promise: Promised;
  readonly found: string;
}

export const neglect = (promise: Promised, found: string): Neglect => ({ promise, found });
