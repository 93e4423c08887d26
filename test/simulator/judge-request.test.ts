import { describe, expect, it } from 'vitest';
import type { Intent } from '../../lib/fleet/fleet.ts';
import type { FleetSettings } from '../../lib/fleet/fleet-settings.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import { judgeRequest, storedRequestOf } from '../../lib/simulator/audit/judge-request.ts';

const SETTINGS = {
  fleet: fleetName('press'),
  launchTemplateId: 'lt-press',
  launchTemplateVersion: '7',
  capacity: { places: [{ instanceType: 'c7g.large', zone: 'us-east-1a', subnetId: 'subnet-a' }] },
} as unknown as FleetSettings;

const PLACE = {
  pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' },
  subnetId: 'subnet-a',
  priority: 0,
};

const REQUEST = {
  fleet: 'press',
  token: 'intent-1',
  count: 2,
  launchTemplateId: 'lt-press',
  launchTemplateVersion: '7',
  pools: [PLACE],
};

/** Promises that an intent for two spot machines breaks, if its request says this instead. */
const broken = (changed: Readonly<Record<string, unknown>>, writtenBy = 'press'): readonly string[] => {
  const request = JSON.stringify({ fleet: writtenBy, request: JSON.stringify({ ...REQUEST, ...changed }) });
  const intent = { intentId: 'intent-1', purchase: 'spot', count: 2, request } as Intent;
  return judgeRequest(SETTINGS, intent, storedRequestOf(intent)).map(({ promise }) => promise);
};

describe('the words of a launch', () => {
  it('may be what intent and fleet file say', () => {
    expect(broken({})).toEqual([]);
  });

  it('ask for as many as the intent, under its own token', () => {
    expect(broken({ count: 3 })).toEqual(['N4']);
    expect(broken({ token: 'intent-2' })).toEqual(['N4']);
  });

  it('are of this fleet, wherever they name one', () => {
    expect(broken({ fleet: 'bindery' })).toEqual(['M1']);
    expect(broken({}, 'bindery')).toEqual(['M1']);
  });

  it('launch from the template of the fleet file, in its version', () => {
    expect(broken({ launchTemplateId: 'lt-other' })).toEqual(['M1']);
    expect(broken({ launchTemplateVersion: '$Latest' })).toEqual(['M1']);
  });

  it('name no place that the fleet file does not name, and buy as the intent says', () => {
    const { pool } = PLACE;
    expect(broken({ pools: [PLACE, { ...PLACE, pool: { ...pool, zone: 'us-east-1b' } }] })).toEqual(['M1']);
    expect(broken({ pools: [{ ...PLACE, subnetId: 'subnet-b' }] })).toEqual(['M1']);
    expect(broken({ pools: [{ ...PLACE, pool: { ...pool, purchase: 'on-demand' } }] })).toEqual(['M1']);
  });
});
