import { describe, expect, test } from 'vitest';
import { reportHandler } from '../../functions/report.ts';
import { FLEET, reportWorld } from '../support/report-world.ts';

describe('the report function', () => {
  test('makes what is due when the schedule names a fleet', async () => {
    const { world } = reportWorld();
    expect(await reportHandler(world)({ fleet: 'index' })).toEqual({
      reportId: 'report-1',
      periodKey: '2026-W47',
      sent: true,
      madeUpFor: [],
    });
  });

  test('makes the period of a key', async () => {
    const { world } = reportWorld();
    expect(await reportHandler(world)({ fleet: 'index', key: '2026-11-21' })).toMatchObject({
      periodKey: '2026-11-21',
    });
  });

  test('sends again only when asked to', async () => {
    const { world } = reportWorld();
    const event = { fleet: 'index', key: '2026-W47' };
    const sent = [];
    for (const again of [undefined, undefined, true]) {
      sent.push((await reportHandler(world)(again === undefined ? event : { ...event, again })).sent);
    }
    expect(sent).toEqual([true, false, true]);
  });

  test.each([
    ['2026-11-21T10:00:00Z', '2026-11-21T11:30:00+01:00'],
    [1_795_255_200_000, 1_795_257_000_000],
  ])('makes the interval from %s to %s under its own name', async (from, to) => {
    const { world, money } = reportWorld();
    await reportHandler(world)({ fleet: 'index', from, to, key: 'demo-1' });
    const { period } = JSON.parse((await money.report(FLEET, 'demo-1'))!.content);
    expect(period).toMatchObject({ kind: 'run', from: 1_795_255_200_000, to: 1_795_257_000_000 });
  });

  test.each([
    [{}],
    [null],
    ['index'],
    [{ fleet: 7 }],
    [{ fleet: 'index', extra: 1 }],
    [{ fleet: 'index', from: 1, to: 2 }],
    [{ fleet: 'index', from: 'yesterday', to: 'today', key: 'x' }],
    [{ fleet: 'index', from: 1.5, to: 2, key: 'x' }],
  ])('refuses %j and says what it takes', async (event) => {
    const { world } = reportWorld();
    await expect(reportHandler(world)(event)).rejects.toThrow('Not a request for a report; send { fleet }');
  });

  test('names the fleets that there are when it does not know one', async () => {
    const { world } = reportWorld();
    await expect(reportHandler(world)({ fleet: 'other' })).rejects.toThrow(
      'No fleet "other" in the fleet file; it has: index.',
    );
  });
});
