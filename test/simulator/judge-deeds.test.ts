import { beforeEach, describe, expect, it } from 'vitest';
import type { FleetState } from '../../lib/fleet/fleet.ts';
import type { InstanceId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { addMs, secondsToMs } from '../../lib/fleet/time.ts';
import { type Deeds, noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { neglected } from '../../lib/simulator/audit/judge-deeds.ts';
import { createLife, START } from '../../lib/simulator/life/life.ts';

const MACHINE = 'i-1' as InstanceId;
const life = createLife({ seed: 1 });

const fleetOf = (...ids: readonly InstanceId[]): FleetState =>
  ({
    head: { fleet: life.settings.fleet },
    members: ids.map((instanceId) => ({ instanceId })),
  }) as unknown as FleetState;

/** Drained, without tasks, and not heard for an hour. */
const DRAINED = {
  instanceId: MACHINE,
  fleet: life.settings.fleet,
  launchedAt: START,
  heartbeatAt: START,
  drainingAt: START,
  leases: {},
  signals: {},
  pool: { purchase: 'spot' },
} as unknown as InstanceRecord;

let deeds: Deeds;

beforeEach(() => {
  deeds = noDeeds(START);
  deeds.records.set(MACHINE, { value: DRAINED, at: addMs(START, secondsToMs(3_600)) });
});

const found = async (...reads: readonly FleetState[]): Promise<readonly string[]> => {
  deeds.fleetReads.push(...reads);
  return (await neglected(life, 'reconcile', deeds, [life.settings])).map(
    ({ promise, found }) => `${promise}: ${found}`,
  );
};

describe('a reconcile that read of a machine that it is drained and silent', () => {
  it('has to end it', async () => {
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([
      'N1: i-1 is drained and silent, and was not ended',
    ]);
  });

  it('has nothing to do once it has ended it', async () => {
    deeds.ended.add(MACHINE);
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([]);
  });

  it('has nothing to do when another had ended it, and it was in the fleet no more', async () => {
    expect(await found(fleetOf(MACHINE), fleetOf())).toEqual([]);
  });

  it('has to end it also when it only then came into the fleet', async () => {
    expect(await found(fleetOf(), fleetOf(MACHINE))).toHaveLength(1);
  });

  it('is held to nothing when a call failed', async () => {
    deeds.failures = 1;
    expect(await found(fleetOf(MACHINE), fleetOf(MACHINE))).toEqual([]);
  });
});
