import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ageClassOf, type HazardModel } from '../../lib/decisions/purchase/hazard-model.ts';
import { LEARNED_HAZARDS } from '../../lib/decisions/purchase/learned-hazards.ts';
import { fitHazards, fitZones, TRAINING_FILE } from '../../lib/replay/fit/fit-hazards.ts';
import { fitRegimes } from '../../lib/replay/fit/fit-regimes.ts';
import { stretchesOf } from '../../lib/replay/fit/stretches.ts';
import { hazardsSource } from '../../lib/replay/fit/write-hazards.ts';
import { seededRandom } from '../../lib/replay/random.ts';

/** Spot that is lost and comes back with chances that depend on the age of the spell. */
const synthetic = (seed: number, ticks: number, loss: (age: number) => number, back: (age: number) => number) => {
  const random = seededRandom(seed);
  let isUp = true;
  let age = 1;
  return Array.from({ length: ticks }, () => {
    const now = isUp;
    const flips = random() < (isUp ? loss(age) : back(age));
    isUp = flips ? !isUp : isUp;
    age = flips ? 1 : age + 1;
    return now;
  });
};

/** Chance to be lost in the first step of a spell, whatever the regime, each counted by how often it is met. */
const weighted = ({ regimes }: HazardModel, hazard: (regime: HazardModel['regimes'][number]) => number): number => {
  const presence = regimes.map(({ entryShare, redrawChance }) => entryShare / redrawChance);
  const all = presence.reduce((sum, value) => sum + value, 0);
  return regimes.reduce((sum, regime, index) => sum + (presence[index]! / all) * hazard(regime), 0);
};

describe('a fit on spot whose hazards are known', () => {
  it('finds the chances of young and of old spells', () => {
    const series = synthetic(
      1,
      20_000,
      (age) => (age <= 2 ? 0.3 : 0.02),
      (age) => (age <= 4 ? 0.2 : 0.05),
    );
    const [regime] = fitRegimes([series], { regimes: 1, stepSeconds: 60 }).regimes;
    expect(regime!.lossByAge[ageClassOf(1)]).toBeCloseTo(0.3, 1);
    expect(regime!.lossByAge[ageClassOf(2)]).toBeCloseTo(0.3, 1);
    expect(Math.abs(regime!.lossByAge[ageClassOf(10)]! - 0.02)).toBeLessThan(0.01);
    expect(Math.abs(regime!.returnByAge[ageClassOf(3)]! - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(regime!.returnByAge[ageClassOf(20)]! - 0.05)).toBeLessThan(0.02);
  });

  it('tells a plentiful pool from a scarce one', () => {
    const plentiful = synthetic(
      2,
      6_000,
      () => 0.01,
      () => 0.4,
    );
    const scarce = synthetic(
      3,
      6_000,
      () => 0.3,
      () => 0.03,
    );
    const { regimes } = fitRegimes([plentiful, scarce], { regimes: 2, stepSeconds: 60 });
    const [one, other] = regimes.toSorted((left, right) => left.lossByAge[0]! - right.lossByAge[0]!);
    expect(one!.lossByAge[0]).toBeLessThan(0.06);
    expect(one!.returnByAge[0]).toBeGreaterThan(0.3);
    expect(other!.lossByAge[0]).toBeGreaterThan(0.2);
    expect(other!.returnByAge[0]).toBeLessThan(0.06);
  });

  it('is the same every time', () => {
    const zones = [
      synthetic(
        4,
        800,
        () => 0.1,
        () => 0.2,
      ),
    ];
    const learnt = () => fitZones(zones, 60, () => {}, [1, 2]);
    expect(hazardsSource(learnt())).toBe(hazardsSource(learnt()));
    expect(weighted(learnt().regimes[0]!, ({ lossByAge }) => lossByAge[0]!)).toBeGreaterThan(0.05);
  });

  it('tells how far it is after every length of step', () => {
    const told: string[] = [];
    const zone = synthetic(
      5,
      400,
      () => 0.1,
      () => 0.2,
    );
    fitZones([zone], 60, (done, all) => told.push(`${done} of ${all}`), [1, 2]);
    expect(told).toEqual(['1 of 2', '2 of 2']);
  });
});

describe('stretches', () => {
  it('begin with the first flip, because before it the age is unknown, and end where nobody looked', () => {
    const seen = [true, true, false, false, undefined, true, false, true].map((up) => up);
    expect(stretchesOf(seen)).toEqual([
      [{ isAvailable: false, ageClass: 0, hasFlipped: false }],
      [{ isAvailable: false, ageClass: 0, hasFlipped: true }],
    ]);
  });
});

describe('the fit that ships', () => {
  it('reads one file, which no single-pool suite is scored on', () => {
    const read: string[] = [];
    const reading = (name: string): never => {
      read.push(name);
      throw new Error('enough');
    };
    expect(() => fitHazards(reading)).toThrow('enough');
    expect(read).toEqual([TRAINING_FILE]);
    expect(TRAINING_FILE).not.toContain('single_region');
  });

  it('writes the file of constants as it stands', () => {
    const file = new URL('../../lib/decisions/purchase/learned-hazards.ts', import.meta.url);
    expect(hazardsSource(LEARNED_HAZARDS)).toBe(readFileSync(file, 'utf8'));
  });
});
