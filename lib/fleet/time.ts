/**
 * Instants and durations. An instant is a branded number of milliseconds since the Unix epoch, so that a duration is
 * never passed where an instant is meant. Durations are plain numbers whose names end in `Ms` or `Seconds`.
 */
export type EpochMs = number & { readonly __instant: 'EpochMs' };

export const epochMs = (value: number): EpochMs => value as EpochMs;

export const addMs = (instant: EpochMs, durationMs: number): EpochMs => (instant + durationMs) as EpochMs;

/** Milliseconds from `now` until `instant`, never negative. */
export const msUntil = (instant: EpochMs, now: EpochMs): number => Math.max(0, instant - now);

export const secondsToMs = (seconds: number): number => seconds * 1_000;

export const toIso = (instant: EpochMs): string => new Date(instant).toISOString();
