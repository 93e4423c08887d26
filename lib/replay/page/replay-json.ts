/** The object that `spothop replay --json` writes, as far as the page reads it. */
export interface ReplayJson {
  readonly suite: string;
  readonly policies: Readonly<Record<string, PolicyJson>>;
  readonly lostCells: readonly LostCellJson[];
  readonly timeline?: TimelineJson;
}

export interface FiguresJson {
  readonly cost: number;
  readonly costInterval: readonly [number, number];
  readonly score: number | null;
  readonly ratioToOptimum: number;
  readonly misses: number;
  readonly runs: number;
  readonly launches: number;
  readonly throughput?: number;
  readonly dearest?: number;
}

export interface PolicyJson extends FiguresJson {
  readonly cells: readonly (FiguresJson & { readonly name: string })[];
}

export interface LostCellJson {
  readonly cell: string;
  readonly to: string;
  readonly extraCost: number;
  readonly interval: { readonly from: number; readonly to: number };
  readonly isCertain: boolean;
}

/** What stood for so many ticks without a change. */
export type JsonRun<Value> = readonly [Value, number];

export interface TimelineJson {
  readonly tickSeconds: number;
  readonly startTick: number;
  readonly deadlineTicks: number;
  readonly pools: Readonly<Record<string, readonly JsonRun<0 | 1>[]>>;
  /** `idle`, `on-demand`, or the name of the pool that spot was had in. */
  readonly policies: Readonly<Record<string, readonly JsonRun<string>[]>>;
}
