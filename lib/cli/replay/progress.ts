import type { CliWorld } from '../world.ts';
import type { OnProgress } from './in-threads.ts';

const LINE_START = '\r';
const REST_OF_LINE = '\u001b[K';

/** One line on standard error that says how far a replay is, where somebody watches; gone when it is done. */
export const progressOn = (world: CliWorld): OnProgress => {
  let shownPercent = -1;
  return (done, all) => {
    const percent = Math.floor((100 * done) / all);
    if (!world.isWatched || percent === shownPercent) return;
    shownPercent = percent;
    const text = done === all ? '' : `replayed ${done} of ${all} (${percent} %)`;
    world.stderr(`${LINE_START}${text}${REST_OF_LINE}`);
  };
};
