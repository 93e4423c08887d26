/** What `spothop local` was asked to do. */
export interface LocalOptions {
  readonly port: number;
  readonly seed: number;
  readonly timeFactor: number;
  /** Folder for functions, machines' logs and the outbox. */
  readonly state: string;
  /** Folder for the record; the state's own when absent. */
  readonly record?: string;
  readonly fleetFile: string;
  readonly json?: true;
}

export const LOCAL_DEFAULTS = {
  port: 4_599,
  seed: 20_260_101,
  /** Ten times as fast: a notice takes twelve seconds, and a morning's market passes within half an hour. */
  timeFactor: 10,
  state: '.spothop/local',
  fleetFile: 'spothop.yml',
} as const;

/** Beyond the largest factor a notice would be over before a process can answer it. */
export const LOCAL_BOUNDS = {
  port: { min: 0, max: 65_535 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  timeFactor: { min: 1, max: 30 },
} as const;
