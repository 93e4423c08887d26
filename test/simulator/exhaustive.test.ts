import { describe, expect, it } from 'vitest';
import { SMALL_CORES } from '../../lib/simulator/exhaustive/check-cores.ts';
import { DECISION_TABLES } from '../../lib/simulator/exhaustive/decisions/decision-tables.ts';
import { exploreInstances } from '../../lib/simulator/exhaustive/explore-instances.ts';
import { type Core, exploreInterleavings } from '../../lib/simulator/exhaustive/explore-interleavings.ts';
import { exploreTable } from '../../lib/simulator/exhaustive/explore-table.ts';

const PATIENCE_MS = 300_000;

describe('the protocol’s code is the table of the design', () => {
  it(
    'on every row that two reclaims and three workers can reach, in what it changes and in what it tells',
    () => {
      const found = exploreTable({ workers: 3, attempts: 4, checkpoints: 2, failuresMax: 2, reclaims: 2 });
      expect(found.differences).toEqual([]);
      expect(found.states).toBeGreaterThan(1_500);
    },
    PATIENCE_MS,
  );

  it('on every item of a machine that two agents, three signals and the control plane can reach', async () => {
    const found = await exploreInstances();
    expect(found.differences).toEqual([]);
    expect(found.states).toBeGreaterThan(300);
  });
});

describe('each decision is the design’s', () => {
  it.each(DECISION_TABLES.map((table) => [table.name, table] as const))('%s', (_name, table) => {
    const { cases, differences } = table.tryAll();
    expect(differences).toEqual([]);
    expect(cases).toBeGreaterThan(20);
  });
});

/** Who reads a number and writes one more: two of them at once lose one of the two, unless the write is conditional. */
const counters = (isConditional: boolean) => async (): Promise<Core> => {
  let value = 0;
  const store = {
    read: async () => value,
    write: async (read: number) => {
      if (isConditional && read !== value) throw new Error('somebody was first');
      value = read + 1;
      return value;
    },
  };
  let written = 0;
  const actor = (name: string): Core['actors'][number] => ({
    name,
    run: async (gate) => {
      const port = gate.port('store', store);
      await port.write(await port.read());
      written += 1;
    },
  });
  return {
    actors: [actor('one'), actor('other')],
    stateText: async () => String(value),
    broken: async () => [],
    brokenInTheEnd: async () => (value < written ? [`${written} were written, and ${value} is read`] : []),
  };
};

describe('a search through every order of calls', () => {
  it('finds the order in which a write is lost, and tells it', async () => {
    const found = await exploreInterleavings(counters(false), { faults: 0 });
    expect(found.isClosed).toBe(true);
    expect(found.broken[0]).toBe(
      '2 were written, and 1 is read, after one store.read; other store.read; one store.write; other store.write',
    );
  });

  it('finds none where the write is conditional', async () => {
    const found = await exploreInterleavings(counters(true), { faults: 0 });
    expect(found).toMatchObject({ isClosed: true, broken: [] });
    expect(found.ends).toBeGreaterThan(1);
  });

  it('lets every call fail in four ways, so many times on one path', async () => {
    const without = await exploreInterleavings(counters(true), { faults: 0 });
    const once = await exploreInterleavings(counters(true), { faults: 1 });
    const twice = await exploreInterleavings(counters(true), { faults: 2 });
    expect(once.states).toBeGreaterThan(3 * without.states);
    expect(twice.states).toBeGreaterThan(once.states);
    expect(twice.broken).toEqual([]);
  });

  it.each(SMALL_CORES)(
    '$name: every order keeps the rules, and every end recovers',
    async ({ begin, faults }) => {
      const found = await exploreInterleavings(begin, { faults });
      expect(found.broken).toEqual([]);
      expect(found.isClosed).toBe(true);
      expect(found.ends).toBeGreaterThan(3);
    },
    PATIENCE_MS,
  );
});
