import type { Random } from '../../ports/random.ts';

/** How long the next spell lasts, in ticks; rounded, and at least one. */
export type SpellTicks = () => number;

/** Spot that comes and goes by turns. */
export const inSpells = (ticks: number, startsUp: boolean, up: SpellTicks, down: SpellTicks): Uint8Array => {
  const available = new Uint8Array(ticks);
  let isUp = startsUp;
  for (let tick = 0; tick < ticks; ) {
    const length = Math.max(1, Math.round(isUp ? up() : down()));
    if (isUp) available.fill(1, tick, Math.min(ticks, tick + length));
    tick += length;
    isUp = !isUp;
  }
  return available;
};

/** A spell that is never the safer for having lasted. */
export const memoryless =
  (random: Random, mean: number): SpellTicks =>
  () =>
    -mean * Math.log(1 - random());

/** Anything between the two, as likely. */
export const between =
  (random: Random, least: number, most: number): SpellTicks =>
  () =>
    least + (most - least) * random();
