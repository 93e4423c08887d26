import { describe, expect, it } from 'vitest';
import { learnFromLaunch } from '../../lib/decisions/learn-from-launch.ts';
import { ec2FleetId } from '../../lib/fleet/ids.ts';
import type { LaunchRefusal, RefusalClass } from '../../lib/ports/machines.ts';
import { A_POOL, anInstanceId, atSecond, START } from '../support/records.ts';

const OTHER = { ...A_POOL, zone: 'us-east-1b' };
const KEY = 'c7g.large/us-east-1a/spot';
const OTHER_KEY = 'c7g.large/us-east-1b/spot';

const refusal = (kind: RefusalClass, pool?: typeof A_POOL): LaunchRefusal => ({
  class: kind,
  code: 'Code',
  message: 'message',
  ...(pool ? { pool } : {}),
});

const learn = (refusals: readonly LaunchRefusal[], given = 0, purchase: 'spot' | 'on-demand' = 'spot', memory = {}) =>
  learnFromLaunch(
    { purchase, pools: [A_POOL, OTHER] },
    {
      answered: true,
      ec2FleetId: ec2FleetId('fleet-1'),
      machines: Array.from({ length: given }, (_, index) => ({ instanceId: anInstanceId(index + 1), pool: OTHER })),
      refusals,
    },
    memory,
    START,
  );

describe('what an answer of EC2 teaches', () => {
  it('a pool without capacity is set aside, the others are not', () => {
    expect(learn([refusal('capacity', A_POOL)], 1)).toEqual({
      pools: { [KEY]: { refusedAt: START, strikes: 1 }, [OTHER_KEY]: { strikes: 0 } },
      alarms: [],
    });
  });

  it('a refusal of the whole request sets every pool of it aside', () => {
    expect(Object.keys(learn([refusal('quota')]).pools)).toEqual([KEY, OTHER_KEY]);
  });

  it('a missing permission is never taken for missing capacity: no pool is set aside, nobody is asked, people are told', () => {
    const lesson = learn([refusal('authorisation', A_POOL)]);
    expect(lesson.pools).toEqual({});
    expect(lesson.restUntil).toBe(atSecond(600));
    expect(lesson.alarms).toEqual([{ metric: 'LaunchesUnauthorised', reason: 'Code: message' }]);
  });

  it('a throttle rests and blames no pool', () => {
    expect(learn([refusal('throttle')])).toEqual({ pools: {}, restUntil: atSecond(30), alarms: [] });
  });

  it('when on demand gives nothing either, everybody rests: no hot loop', () => {
    const pool = { ...A_POOL, purchase: 'on-demand' as const };
    expect(learn([refusal('capacity', pool)], 0, 'on-demand').restUntil).toBe(atSecond(30));
  });

  it('an answer that says neither yes nor no is not asked for again at once', () => {
    expect(learn([]).restUntil).toBe(atSecond(30));
  });

  it('a machine given forgives refusals, and reclaims only after an hour without one: what is given is not kept yet', () => {
    const reclaimed = (second: number) => ({
      [OTHER_KEY]: { reclaimedAt: atSecond(second), refusedAt: START, strikes: 2 },
    });
    const taught = (second: number) =>
      learn([refusal('capacity', A_POOL)], 1, 'spot', reclaimed(second)).pools[OTHER_KEY];
    expect(taught(-3_599)).toEqual({ reclaimedAt: atSecond(-3_599), strikes: 2 });
    expect(taught(-3_600)).toEqual({ reclaimedAt: atSecond(-3_600), strikes: 0 });
  });

  it('strikes add up, and a machine given wipes them out', () => {
    const struck = { [KEY]: { refusedAt: START, strikes: 2 }, [OTHER_KEY]: { refusedAt: START, strikes: 2 } };
    const lesson = learn([refusal('capacity', A_POOL)], 1, 'spot', struck);
    expect(lesson.pools[KEY]?.strikes).toBe(3);
    expect(lesson.pools[OTHER_KEY]?.strikes).toBe(0);
  });
});
