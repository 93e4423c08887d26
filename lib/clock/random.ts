import type { Random } from '../ports/random.ts';

/** The machine's own chance: for spreading retries, never for anything that must be hard to guess. */
export const machineRandom: Random = () => Math.random();
