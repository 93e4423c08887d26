import { describe, expect, it } from 'vitest';
import type { InstanceId } from '../../lib/fleet/ids.ts';
import type { Purchase } from '../../lib/fleet/pool.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { type ExchangedMachine, endsItselfBy, newcomersOf } from '../../lib/simulator/audit/exchanges.ts';
import { aRecord, atSecond, START } from '../support/records.ts';

const MINUTE_MS = 60_000;
const at = (minute: number): EpochMs => (minute * MINUTE_MS) as EpochMs;

const machine = (name: string, purchase: Purchase, launchedAtMinute: number): ExchangedMachine => ({
  instanceId: name as InstanceId,
  launchedAt: at(launchedAtMinute),
  described: { pool: { purchase } },
});

const STAND_IN = machine('stand-in', 'on-demand', 40);
const MOMENT = { now: at(60), restedAt: at(50), machinesMin: 1, isDraining: (_id: InstanceId) => false };

const newcomers = (machines: readonly ExchangedMachine[], moment = MOMENT): readonly string[] =>
  newcomersOf(machines, moment).map(({ instanceId }) => instanceId);

describe('a machine beyond what is wanted in a world at rest', () => {
  it('takes another’s place when it is a spot machine that was just launched', () => {
    expect(newcomers([STAND_IN, machine('spot', 'spot', 59)])).toEqual(['spot']);
  });

  it('takes nobody’s place when it is still beside another after five minutes', () => {
    expect(newcomers([STAND_IN, machine('spot', 'spot', 55)])).toEqual([]);
  });

  it('takes nobody’s place when it was bought before there was rest', () => {
    expect(newcomers([STAND_IN, machine('spot', 'spot', 59)], { ...MOMENT, restedAt: at(60) })).toEqual([]);
  });

  it('takes nobody’s place when it is an on-demand machine', () => {
    expect(newcomers([STAND_IN, machine('another', 'on-demand', 59)])).toEqual([]);
  });

  it('takes the place of one that drains, on demand as well', () => {
    const isDraining = (id: InstanceId): boolean => id === 'stand-in';
    expect(newcomers([STAND_IN, machine('another', 'on-demand', 59)], { ...MOMENT, isDraining })).toEqual(['another']);
  });

  it('takes nobody’s place in a fleet that wants none', () => {
    expect(newcomers([machine('spot', 'spot', 59)], { ...MOMENT, machinesMin: 0 })).toEqual([]);
  });

  it.each([
    [1, 2],
    [4, 2],
    [5, 3],
  ])('is more than a quarter of %i at a time when there are %i of them', (machinesMin, beyond) => {
    const there = Array.from({ length: machinesMin }, () => STAND_IN);
    const bought = Array.from({ length: beyond }, (_, index) => machine(`spot-${index}`, 'spot', 59));
    expect(newcomers([...there, ...bought], { ...MOMENT, machinesMin })).toEqual([]);
    expect(newcomers([...there, ...bought.slice(1)], { ...MOMENT, machinesMin })).toHaveLength(beyond - 1);
  });

  it('does not count those that have ended or were stopped', () => {
    const over: readonly ExchangedMachine[] = [
      { ...STAND_IN, endedBy: 'itself' },
      { ...STAND_IN, isStopped: true },
    ];
    expect(newcomers([...over, machine('spot', 'spot', 59)])).toEqual(['spot']);
  });
});

describe('a machine that EC2 refuses to end', () => {
  it('ends itself within twenty minutes of its agent’s last sign, once it drains', () => {
    const record = aRecord({ launchedAt: START, heartbeatAt: atSecond(60) });
    expect(endsItselfBy(record)).toBeUndefined();
    expect(endsItselfBy({ ...record, drainingAt: atSecond(700) })).toBe(START + 1_260_000);
    const { heartbeatAt: _heartbeatAt, ...unheard } = record;
    expect(endsItselfBy({ ...unheard, drainingAt: atSecond(700) })).toBe(START + 1_200_000);
  });
});
