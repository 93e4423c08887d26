import { describe, expect, it } from 'vitest';
import { LIFE_KINDS, type LifeKind } from '../../lib/simulator/life/kinds.ts';
import { drawPlan } from '../../lib/simulator/life/plan.ts';
import { seededRandom } from '../../lib/simulator/random.ts';

const planOf = (seed: number, life?: LifeKind) =>
  drawPlan(seededRandom(`seed ${seed}`).fork('plan'), life === undefined ? {} : { life });

const SEEDS = Array.from({ length: 2_000 }, (_, index) => index + 1);

describe('what a seed’s life is about', () => {
  it('is one fleet that launches its machines in most seeds, and each of the others in some', () => {
    const kinds = SEEDS.map((seed) => planOf(seed).kind);
    const shareOf = (kind: LifeKind) => kinds.filter((one) => one === kind).length / SEEDS.length;
    expect(shareOf('observe')).toBeCloseTo(0.03, 1);
    expect(shareOf('attach')).toBeCloseTo(0.05, 1);
    expect(shareOf('two-fleets')).toBeCloseTo(0.1, 1);
    expect(LIFE_KINDS.every((kind) => kinds.includes(kind))).toBe(true);
  });

  it('may be asked for, and changes nothing else that the seed draws', () => {
    for (const seed of SEEDS.slice(0, 50)) {
      const { safetyMs, tasks, slots, settings } = planOf(seed, 'manage');
      const other = planOf(seed, 'two-fleets');
      expect(other).toMatchObject({ kind: 'two-fleets', safetyMs, tasks, slots, settings });
      expect(planOf(seed, 'attach').settings.capacity).toEqual(settings.capacity);
    }
  });

  it('names no launch template where others launch, and no stack that is deleted', () => {
    for (const seed of SEEDS.slice(0, 200)) {
      const { settings, isDeleted, owner } = planOf(seed, 'observe');
      expect(settings).toMatchObject({ mode: 'observe', launchTemplateId: '' });
      expect({ isDeleted, isOwned: owner !== undefined }).toEqual({ isDeleted: false, isOwned: true });
    }
  });

  it('gives two fleets names, templates and sizes of their own', () => {
    const { settings, other } = planOf(1, 'two-fleets');
    expect(other!.fleet).not.toBe(settings.fleet);
    expect(other!.launchTemplateId).not.toBe(settings.launchTemplateId);
    expect(other!.capacity.machinesMax).toBeLessThanOrEqual(3);
  });
});
