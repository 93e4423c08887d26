import { describe, expect, it } from 'vitest';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { tooEarlyMs } from '../../lib/simulator/audit/early-release.ts';

const DRAIN = { marginSeconds: 10, windowSeconds: 120, warySeconds: 300, rebalance: 'wary' } as const;
const BEGUN = epochMs(1_000_000);

const draining = (
  secondsSince: number,
  change: Partial<InstanceRecord> = {},
): [InstanceRecord, typeof DRAIN, never] => {
  const now = BEGUN + secondsSince * 1_000;
  const record = { drainingAt: BEGUN, heartbeatAt: now - 2_000, signals: {}, leases: {}, ...change };
  return [record as unknown as InstanceRecord, DRAIN, now as never];
};

const deadlineIn = (seconds: number): Partial<InstanceRecord> => ({
  signals: { 'spot-interruption': { at: BEGUN, recordedAt: BEGUN, deadline: epochMs(BEGUN + seconds * 1_000) } },
});

describe('a task of a draining machine that is heard', () => {
  it('is its agent’s to decide about until deadline − margin, and the window’s end where nobody told a deadline', () => {
    expect(tooEarlyMs(...draining(5))).toBe(104_000);
    expect(tooEarlyMs(...draining(5, deadlineIn(60)))).toBe(44_000);
    expect(tooEarlyMs(...draining(50, deadlineIn(60)))).toBe(0);
  });

  it('is anybody’s to release once its agent is not heard, or the machine is said to have ended', () => {
    expect(tooEarlyMs(...draining(30, { heartbeatAt: epochMs(BEGUN + 15_000) }))).toBe(0);
    expect(tooEarlyMs(...draining(5, { goneAt: BEGUN }))).toBe(0);
    expect(tooEarlyMs(...draining(5, { signals: { 'state-terminated': { at: BEGUN, recordedAt: BEGUN } } }))).toBe(0);
  });
});
