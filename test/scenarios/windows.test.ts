import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { LONG, SHORT, type WindowFleets, windowFleets } from './support/window-fleets.ts';

/** The packaged service with two fleets, while spot is away for some time. Wall-clock time, on a busy machine. */
const SCENARIO_MS_MAX = 900_000;
const HOUR_MS = 3_600_000;
const AWAY_MS = 1_440_000;

/** So that most of the hour has passed when tasks are submitted, and the test need not wait for it. */
const AGO_MS = 2_100_000;

/** The first ones have more time; a fleet does not look for tasks that are much older than its oldest one was. */
const FIRST_AGO_MS = 1_200_000;

let fleets: WindowFleets;
let submittedAt: EpochMs;
let shortDoneAt: EpochMs;
let longWaited: number;

beforeAll(async () => {
  fleets = await windowFleets();
  // How long their tasks take is unknown before they have run some.
  for (const fleet of [SHORT, LONG]) await fleets.submit(fleet, 14, FIRST_AGO_MS);
  const isDone = (): boolean => fleets.open(SHORT) + fleets.open(LONG) === 0;
  await fleets.until('The first tasks', isDone);
  await fleets.cloud.machines.applyScript([{ afterMs: 0, happening: 'no-spot', durationMs: AWAY_MS }]);
  await fleets.until('The loss of spot', () =>
    [...fleets.tally.machines.values()].every(({ purchase, endedAt }) => purchase !== 'spot' || endedAt !== undefined),
  );
  submittedAt = await fleets.submit(SHORT, 4, AGO_MS);
  await fleets.submit(LONG, 4, AGO_MS);
  shortDoneAt = await fleets.until('The work that is due soon', () => fleets.open(SHORT) === 0);
  longWaited = fleets.open(LONG);
  await fleets.until('The rest of the work', isDone);
}, SCENARIO_MS_MAX);
afterAll(() => fleets?.close(), 180_000);

describe('two fleets whose tasks are due in one hour and in two days, while there is no spot', () => {
  it('the one in a hurry waits for spot as long as it may, then buys on demand and is in time', async () => {
    expect(fleets.launched(SHORT, 'on-demand')).toBeGreaterThan(0);
    expect(shortDoneAt - submittedAt).toBeLessThan(HOUR_MS);
    const plans = (await fleets.plans(SHORT)).join('\n');
    expect(plans).toMatch(/wait: .*there is time to wait for spot/);
    expect(plans).toMatch(/launch \d+ on-demand: .*too little time to risk spot/);
  });

  it('the other has bought nothing on demand, and its tasks ran once spot was back', async () => {
    expect(longWaited).toBe(4);
    expect(fleets.launched(LONG, 'on-demand')).toBe(0);
    expect((await fleets.plans(LONG)).join('\n')).toMatch(/wait: .*there is time to wait for spot/);
  });

  it('every task is committed once', () => {
    const tasks = [...fleets.tally.tasks.values()];
    expect(tasks).toHaveLength(36);
    expect(tasks.filter(({ status, commits }) => status !== 'done' || commits !== 1)).toEqual([]);
  });

  it('and no call was refused for a missing permission', () => {
    expect(fleets.cloud.iamDenied()).toBe(0);
  });
});
