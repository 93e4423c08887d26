/** From this second on so many machines could be had; in order of time. */
export interface CountChange {
  readonly atSeconds: number;
  readonly count: number;
}

export type CountSeries = readonly CountChange[];

const MS_A_SECOND = 1_000;

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const fieldsOf = (text: string): readonly (readonly string[])[] =>
  linesOf(text).map((line) => line.split(',').map((field) => field.trim()));

interface Move {
  readonly atSeconds: number;
  readonly by: number;
}

const counted = (moves: readonly Move[]): CountSeries => {
  let count = 0;
  return moves.map(({ atSeconds, by }) => {
    count += by;
    return { atSeconds, count };
  });
};

/** `milliseconds,add|remove,node`, one machine a line (Bamboo). */
export const fromMachineEvents = (text: string): CountSeries =>
  counted(
    fieldsOf(text).map(([time, event]) => ({ atSeconds: Number(time) / MS_A_SECOND, by: event === 'add' ? 1 : -1 })),
  );

/** `time,count`, with the time in units of so many seconds (Bamboo's step series, Parcae's live counts). */
export const fromSteps =
  (secondsAUnit: number) =>
  (text: string): CountSeries =>
    fieldsOf(text).map(([time, count]) => ({ atSeconds: Number(time) * secondsAUnit, count: Number(count) }));

/**
 * `date, time, live count` (Bamboo's watch of Google's machines). Several watchers write one after another, so the lines
 * are put in order; the first one begins the trace.
 */
export const fromDatedCounts = (text: string): CountSeries => {
  const dated = fieldsOf(text)
    .map(([date, time, count]) => ({ atMs: Date.parse(`${date}T${time}Z`), count: Number(count) }))
    .sort((one, other) => one.atMs - other.atMs);
  return dated.map(({ atMs, count }) => ({ atSeconds: (atMs - dated[0]!.atMs) / MS_A_SECOND, count }));
};

/** One JSON array a line, `[milliseconds, "add"|"remove"|…, {nodes}]` (Parcae). */
export const fromNodeLists = (text: string): CountSeries =>
  counted(
    linesOf(text).map((line) => {
      const [time, event, { nodes }] = JSON.parse(line) as [number, string, { readonly nodes: readonly string[] }];
      const sign = event === 'add' ? 1 : event === 'remove' ? -1 : 0;
      return { atSeconds: time / MS_A_SECOND, by: sign * nodes.length };
    }),
  );

/**
 * The count step by step: what stood at the start of each sampling tick, held for the whole of it, as a watcher that
 * looks every `sampleSeconds` sees it. Nothing is to be had before the first change.
 */
export const sampleCounts = (
  series: CountSeries,
  { seconds, stepSeconds, sampleSeconds }: { seconds: number; stepSeconds: number; sampleSeconds: number },
): Float64Array => {
  const counts = new Float64Array(Math.floor(seconds / stepSeconds));
  let next = 0;
  let count = 0;
  for (let step = 0; step < counts.length; step += 1) {
    const seenAt = Math.floor((step * stepSeconds) / sampleSeconds) * sampleSeconds;
    while (next < series.length && series[next]!.atSeconds <= seenAt) count = series[next++]!.count;
    counts[step] = count;
  }
  return counts;
};
