import { describe, expect, it } from 'vitest';
import { createSignalWriter } from '../../lib/agent/signal-writer.ts';
import { manualClock } from '../support/manual-clock.ts';
import { anInstanceId, aRecord, atSecond, START } from '../support/records.ts';

type Shared = Parameters<typeof createSignalWriter>[0];

const NOTICE = { kind: 'spot-interruption', instanceId: anInstanceId(1), at: START, deadline: atSecond(300) } as const;

/** A machine whose item cannot be written before this second. */
const machineUnreachableUntil = (second: number) => {
  const clock = manualClock(START);
  const told: string[] = [];
  const shared = {
    instanceId: anInstanceId(1),
    settings: { fleet: 'press' },
    ports: {
      clock,
      log: { error: () => {} },
      instances: {
        recordSignal: async () => {
          if (clock.now() < atSecond(second)) throw new Error('no route to the service');
          told.push('written');
          return aRecord({ drainingAt: clock.now() });
        },
      },
      wakes: { wake: async () => void told.push('woken') },
    },
  } as unknown as Shared;
  return { clock, told, writer: createSignalWriter(shared, { onRecorded: () => {} }) };
};

describe('a drain that the machine itself has noticed', () => {
  it('is written, and then the fleet is woken, once however often it is told', async () => {
    const { clock, told, writer } = machineUnreachableUntil(0);
    writer.write(NOTICE, true);
    writer.write(NOTICE, true);
    await clock.advance(1_000);
    expect(told).toEqual(['written', 'woken']);
  });

  it('wakes nobody while it cannot be written: whoever looked would see nothing', async () => {
    const { clock, told, writer } = machineUnreachableUntil(60);
    writer.write(NOTICE, true);
    await clock.advance(30_000);
    expect(told).toEqual([]);
    await clock.advance(31_000);
    writer.writeAgain();
    await clock.advance(1_000);
    expect(told).toEqual(['written', 'woken']);
  });

  it('wakes nobody where it does not drain', async () => {
    const { clock, told, writer } = machineUnreachableUntil(0);
    writer.write(NOTICE, false);
    await clock.advance(1_000);
    expect(told).toEqual(['written']);
  });
});
