import { describe, expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import { createFaults } from '../../lib/simulator/faults/faults.ts';
import { type HostedMachine, simulatedImds } from '../../lib/simulator/life/machine-host.ts';
import { createTrace } from '../../lib/simulator/life/trace.ts';
import { seededRandom } from '../../lib/simulator/random.ts';

const START = epochMs(0);
const NOTICE = epochMs(120_000);
const noFaults = createFaults({}, seededRandom('calm'), createTrace({ now: () => START, startedAt: START }));

const noticed = (change: object = {}): HostedMachine =>
  ({ notice: NOTICE, unreachable: new Set(), isAdvised: false, ...change }) as never;

describe('a machine is told when it ends', () => {
  it('by the first look that reads its notice, and stays told when that is withdrawn', async () => {
    const machine = noticed();
    await simulatedImds(machine, noFaults, () => START).read('instance-id');
    expect(machine.endTold).toBeUndefined();
    await simulatedImds(machine, noFaults, () => START).read('spot/instance-action');
    delete machine.notice;
    await simulatedImds(machine, noFaults, () => START).read('spot/instance-action');
    expect(machine.endTold).toBe(NOTICE);
  });

  it('not by a look that is not answered, or that reads nonsense', async () => {
    const cutOff = noticed({ unreachable: new Set(['imds']) });
    await expect(simulatedImds(cutOff, noFaults, () => START).read('spot/instance-action')).rejects.toThrow(
      'does not answer',
    );
    expect(cutOff.endTold).toBeUndefined();
    const talkingNonsense = noticed({ tellsNonsense: true });
    await simulatedImds(talkingNonsense, noFaults, () => START).read('spot/instance-action');
    expect(talkingNonsense.endTold).toBeUndefined();
  });
});
