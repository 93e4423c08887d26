import { describe, expect, it } from 'vitest';
import { learnLosses } from '../../lib/decisions/learn-losses.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import type { Run } from '../../lib/fleet/run.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { A_POOL, aMember, anInstanceId, START } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const PLACE = 'c7g.large/us-east-1a';

/** Ran for `hours` and ended `agoHours` ago. */
const run = (hours: number, agoHours: number, changes: Partial<Run> = {}): Run => ({
  form: 1,
  instanceId: anInstanceId(),
  fleet: fleetName('index'),
  pool: A_POOL,
  launchedAt: addMs(START, -(agoHours + hours) * HOUR_MS),
  endedAt: addMs(START, -agoHours * HOUR_MS),
  endedBy: 'us',
  interruption: 'none',
  ...changes,
});

describe('what is learned of losses', () => {
  it('counts hours of machines that were taken, that ended otherwise, and that live', () => {
    const living = aMember(2, { launchedAt: addMs(START, -5 * HOUR_MS) });
    const learned = learnLosses([run(2, 0), run(1, 0, { endedBy: 'ec2' })], [living], START);
    expect(learned).toEqual({ [PLACE]: { hours: 8, losses: 1 } });
  });

  it('counts a day-old loss as half a loss', () => {
    expect(learnLosses([run(4, 24, { endedBy: 'ec2' })], [], START)).toEqual({ [PLACE]: { hours: 2, losses: 0.5 } });
  });

  it('says nothing of on-demand machines, and nothing against a pool whose machines we ended', () => {
    const onDemand = run(9, 0, { pool: { ...A_POOL, purchase: 'on-demand' } });
    expect(learnLosses([onDemand, run(1, 0, { endedBy: 'itself' })], [], START)).toEqual({
      [PLACE]: { hours: 1, losses: 0 },
    });
  });
});
