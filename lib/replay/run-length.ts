/** `[value, ticks]` pairs, as the trace files keep them; `null` is a tick that nobody observed. */
export type RunLengths = readonly (readonly [number | null, number])[];

/** Tick by tick again, with another value in place of what was not observed. */
export const decodeRunLengths = (runs: RunLengths, unobserved: number): Float64Array => {
  const values = new Float64Array(runs.reduce((ticks, [, length]) => ticks + length, 0));
  let tick = 0;
  for (const [value, length] of runs) {
    values.fill(value ?? unobserved, tick, tick + length);
    tick += length;
  }
  return values;
};
