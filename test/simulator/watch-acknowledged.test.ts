import { describe, expect, it } from 'vitest';
import type { InstanceId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { isWritten, watchAcknowledged } from '../../lib/simulator/audit/watch-acknowledged.ts';

const WARNING = { instanceId: 'i-1' as InstanceId, kind: 'spot-interruption' } as const;
const NOWHERE = ['O1: spot-interruption of i-1 was acknowledged and is written nowhere'];

/** What its item is at each look: none, one without the warning, one with it, or one that is closed. */
type Item = 'none' | 'without' | 'with' | 'gone' | 'without, in an outage' | 'without, while reconciles crash';

const recordOf = (item: Item): InstanceRecord | undefined => {
  if (item === 'none') return undefined;
  const signals = item === 'with' ? { 'spot-interruption': {} } : {};
  return { signals, ...(item === 'gone' ? { goneAt: 1 } : {}) } as unknown as InstanceRecord;
};

/** What is said until the looks that are told are over; each is three minutes after the one before. */
const saidAfter = async (hadItem: boolean, ...items: readonly Item[]): Promise<readonly string[]> => {
  const said: string[] = [];
  let look = -1;
  let reconciles = 0;
  const itemNow = (): Item => items[Math.min(look, items.length - 1)]!;
  await watchAcknowledged(
    {
      clock: {
        sleep: async () => {
          look += 1;
          if (itemNow() !== 'without, while reconciles crash') reconciles += 3;
        },
      },
      judge: { violations: [], say: (promise, found) => void said.push(`${promise}: ${found}`) },
      recordOf: () => recordOf(itemNow()),
      isUp: () => itemNow() !== 'without, in an outage',
      reconciles: () => reconciles,
    },
    WARNING,
    hadItem,
  );
  return said;
};

describe('a warning that was acknowledged', () => {
  it('stands on its machine’s item', async () => {
    expect(await saidAfter(true, 'with')).toEqual([]);
    expect(await saidAfter(true, 'without')).toEqual(NOWHERE);
  });

  it('has its time when the item has only just come', async () => {
    expect(await saidAfter(false, 'without', 'with')).toEqual([]);
    expect(await saidAfter(false, 'without', 'without')).toEqual(NOWHERE);
  });

  it('has its time until reconciles come to their end', async () => {
    expect(await saidAfter(true, 'without, while reconciles crash', 'with')).toEqual([]);
    expect(await saidAfter(true, 'without, while reconciles crash', 'without')).toEqual(NOWHERE);
  });

  it('is waited for however late the item comes', async () => {
    expect(await saidAfter(false, 'none', 'none', 'none', 'without', 'without')).toEqual(NOWHERE);
  });

  it('asks for nothing of a machine that never has an item, or whose run is closed', async () => {
    expect(await saidAfter(false, 'none')).toEqual([]);
    expect(await saidAfter(true, 'gone')).toEqual([]);
  });

  it('has its time anew after an outage', async () => {
    expect(await saidAfter(true, 'without, in an outage', 'without', 'with')).toEqual([]);
    expect(await saidAfter(true, 'without, in an outage', 'without', 'without')).toEqual(NOWHERE);
  });
});

describe('what a signal tells', () => {
  const recordWith = (signals: object): InstanceRecord => ({ signals }) as unknown as InstanceRecord;
  const NOW = epochMs(100_000);

  it('stands on its machine’s item', () => {
    expect(isWritten(recordWith({ 'bid-evicted': {} }), 'bid-evicted', NOW)).toBe(true);
    expect(isWritten(recordWith({}), 'bid-evicted', NOW)).toBe(false);
    expect(isWritten(undefined, 'bid-evicted', NOW)).toBe(false);
  });

  it('stands there no more once it is called off, unless its agent has just written it', () => {
    const announcedAt = (recordedAt: number) => recordWith({ 'scheduled-change': { recordedAt } });
    expect(isWritten(recordWith({}), 'scheduled-change-cancelled', NOW)).toBe(true);
    expect(isWritten(announcedAt(40_000), 'scheduled-change-cancelled', NOW)).toBe(false);
    expect(isWritten(announcedAt(40_001), 'scheduled-change-cancelled', NOW)).toBe(true);
  });
});
