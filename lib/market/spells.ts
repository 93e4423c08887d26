import { addMs, type EpochMs } from '../fleet/time.ts';
import { draw, drawBetween, drawRisk } from './draw.ts';
import { ageAtRisk, gatheredRisk, scaleHazard } from './hazard.ts';
import type { MarketSettings } from './settings.ts';

/** A stretch of time in which a pool has capacity for `machines`, or, with 0, an outage. */
export interface Spell {
  readonly from: EpochMs;
  /** Infinite when the pool never changes again. */
  readonly until: EpochMs;
  readonly machines: number;
}

/** A pool that is up when the market begins has been up for this long at most. */
const FIRST_AGE_MS_MAX = 4 * 3_600_000;

const upSpell = (settings: MarketSettings, pool: string, index: number, from: EpochMs): Spell => {
  const { seed } = settings;
  const hazard = scaleHazard(settings.reclaimHazard, settings.restlessness * settings.correlation);
  const agedMs = index === 0 ? FIRST_AGE_MS_MAX * draw(seed, pool, 'first-age') : 0;
  const risk = gatheredRisk(hazard, agedMs) + drawRisk(seed, pool, 'up', index);
  const most = { least: settings.poolMachines.least, most: settings.poolMachines.most + 1 };
  return {
    from,
    until: addMs(from, Math.max(1, Math.ceil(ageAtRisk(hazard, risk) - agedMs))),
    machines: Math.floor(drawBetween(most, seed, pool, 'machines', index)),
  };
};

const outage = (settings: MarketSettings, pool: string, index: number, from: EpochMs): Spell => {
  const lengthMs = ageAtRisk(settings.returnHazard, drawRisk(settings.seed, pool, 'outage', index));
  return { from, until: addMs(from, Math.max(1, Math.ceil(lengthMs))), machines: 0 };
};

/** Up spells and outages of one pool, in turn, from the market's begin. Grown when asked; the answers are always the same. */
export const poolSpells = (settings: MarketSettings, pool: string) => {
  const spells: Spell[] = [];
  const grow = (): Spell => {
    const index = spells.length;
    const from = spells[index - 1]?.until ?? settings.startsAt;
    const spell = (index % 2 === 0 ? upSpell : outage)(settings, pool, index, from);
    spells.push(spell);
    return spell;
  };
  const first = (wanted: (spell: Spell) => boolean): Spell => {
    const known = spells.find(wanted);
    if (known) return known;
    let spell = grow();
    while (!wanted(spell)) spell = grow();
    return spell;
  };
  return {
    at: (instant: EpochMs): Spell => first((spell) => instant < spell.until),
    /** The outage that a machine launched at `instant` meets first; undefined when there is none to come. */
    nextOutage: (instant: EpochMs): Spell | undefined => {
      const met = first((spell) => instant < spell.until && (spell.machines === 0 || spell.until === Infinity));
      return met.machines === 0 ? met : undefined;
    },
  };
};
