import { describe, expect, it } from 'vitest';
import { AGE_CLASSES, type HazardModel } from '../../../lib/decisions/purchase/hazard-model.ts';
import { downState, IDLE, ON_DEMAND, ON_SPOT, upState, valueAt } from '../../../lib/decisions/purchase/job-values.ts';
import { type JobPlan, makeValueTables } from '../../../lib/decisions/purchase/value-tables.ts';
import { seededRandom } from '../../../lib/replay/random.ts';
import { driveJob } from './drive-job.ts';

const always = (chance: number): number[] => Array.from({ length: AGE_CLASSES }, () => chance);

const market = (loss: number, back: number): HazardModel => ({
  stepSeconds: 600,
  regimes: [{ entryShare: 1, redrawChance: 0.01, lossByAge: always(loss), returnByAge: always(back) }],
});

const PLAN: JobPlan = { tickSeconds: 600, secondsLeft: 12 * 600, workSeconds: 6 * 600, changeoverSeconds: 320 };
const SPOT_SHARE = 0.3;

const valuesIn = (model: HazardModel) =>
  makeValueTables({ regimes: [model] }).valuesFor({ plan: PLAN, spotShare: SPOT_SHARE });

const costToGo = (model: HazardModel, steps: number, state: number): number =>
  valueAt(valuesIn(model), steps, 0, state, PLAN.workSeconds);

describe('the values of a job of an hour with a start-up', () => {
  it('are the price of spot where spot lasts for ever', () => {
    const lasting = market(0, 1);
    expect(costToGo(lasting, 12, upState(0, IDLE))).toBeCloseTo(SPOT_SHARE * (1 + 320 / 3_600), 5);
    expect(costToGo(lasting, 12, upState(0, ON_SPOT))).toBeCloseTo(SPOT_SHARE, 5);
  });

  it('are the price of on-demand where spot never comes', () => {
    const never = market(1, 0);
    expect(costToGo(never, 12, downState(0, IDLE))).toBeCloseTo(1 + 320 / 3_600, 5);
    expect(costToGo(never, 12, downState(0, ON_DEMAND))).toBeCloseTo(1, 5);
  });

  it('are the price of spot as long as there is time to wait for spot that is sure to come', () => {
    const sure = market(0, 1);
    expect(costToGo(sure, 12, downState(0, IDLE))).toBeCloseTo(SPOT_SHARE * (1 + 320 / 3_600), 5);
    expect(costToGo(sure, 7, downState(0, IDLE))).toBeCloseTo(1 + 320 / 3_600, 5);
  });

  it('never rise with time, and never fall with work', () => {
    const values = valuesIn(market(0.2, 0.2));
    for (let steps = 8; steps < 12; steps += 1) {
      const at = (later: number, work: number): number => valueAt(values, later, 0, upState(0, IDLE), work);
      expect(at(steps + 1, 3_600)).toBeLessThanOrEqual(at(steps, 3_600) + 1e-6);
      expect(at(steps, 3_900)).toBeGreaterThanOrEqual(at(steps, 3_600) - 1e-6);
    }
  });
});

describe('value tables', () => {
  it('are worked out once for each kind of job', () => {
    const tables = makeValueTables({ regimes: [market(0.1, 0.3)] });
    const request = { plan: PLAN, spotShare: SPOT_SHARE };
    const first = tables.valuesFor(request);
    expect(tables.valuesFor({ ...request })).toBe(first);
    expect(tables.valuesFor({ ...request, spotShare: 0.301 })).toBe(first);
    expect(tables.valuesFor({ ...request, spotShare: 0.6 })).not.toBe(first);
    const doubled = { ...PLAN, changeoverSeconds: 600 };
    expect(tables.valuesFor({ plan: doubled, spotShare: SPOT_SHARE })).not.toBe(first);
  });

  it('grow with the time that is left, and keep what they have', () => {
    const tables = makeValueTables({ regimes: [market(0.1, 0.3)] });
    const short = tables.valuesFor({ plan: { ...PLAN, secondsLeft: 3_600 }, spotShare: SPOT_SHARE });
    const stepsBefore = short.bySteps.length;
    const long = tables.valuesFor({ plan: { ...PLAN, secondsLeft: 7_200 }, spotShare: SPOT_SHARE });
    expect(long).toBe(short);
    expect(stepsBefore).toBe(7);
    expect(long.bySteps.length).toBe(13);
  });

  it('foretell what jobs come to on a market that behaves as was learned', () => {
    const [loss, back] = [0.1, 0.3];
    const runs = 600;
    const random = seededRandom(4);
    // The values know nothing of what a job may waste, so here it may waste all.
    const job = { ...PLAN, ticks: 12, onDemandPrice: 1, extras: { wasteShareMax: 1 } };
    const tables = makeValueTables({ regimes: [market(loss, back)] });
    let sum = 0;
    for (let run = 0; run < runs; run += 1) {
      let isUp = true;
      let isFirst = true;
      const driven = driveJob(
        job,
        () => {
          isUp = isFirst || (isUp ? random() >= loss : random() < back);
          isFirst = false;
          return [{ name: 'zone a', isAvailable: isUp, price: SPOT_SHARE }];
        },
        tables,
      );
      sum += driven.cost;
    }
    const foretold = valueAt(tables.valuesFor({ plan: PLAN, spotShare: SPOT_SHARE }), 12, 0, upState(5, IDLE), 3_600);
    expect(Math.abs(sum / runs / foretold - 1)).toBeLessThan(0.03);
  });
});
