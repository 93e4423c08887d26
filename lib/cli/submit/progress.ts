import type { CliWorld } from '../world.ts';
import { type Place, placeText } from './refusals.ts';
import { grouped } from './summary.ts';

const REDRAWN_EVERY_MS = 200;
const CLEAR_LINE = '\r\u001b[K';

/** One line that is redrawn while somebody watches, and leaves nothing behind. */
export interface Progress {
  at(place: Place, count: number): void;
  /** Takes the line away, for what is written next. */
  clear(): void;
}

const SILENT: Progress = { at: () => undefined, clear: () => undefined };

export const openProgress = (world: CliWorld, verb: string): Progress => {
  if (!world.isWatched) return SILENT;
  const startedMs = world.steadyMs();
  let drawnMs = startedMs;
  let isDrawn = false;
  return {
    at: (place, count) => {
      const nowMs = world.steadyMs();
      if (nowMs - drawnMs < REDRAWN_EVERY_MS) return;
      drawnMs = nowMs;
      isDrawn = true;
      const rate = Math.round((count * 1_000) / (nowMs - startedMs));
      world.stderr(`${CLEAR_LINE}${verb} ${grouped(count)}, ${grouped(rate)}/s, at ${placeText(place)}`.slice(0, 79));
    },
    clear: () => {
      if (isDrawn) world.stderr(CLEAR_LINE);
      isDrawn = false;
    },
  };
};
