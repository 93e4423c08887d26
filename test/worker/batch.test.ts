import { describe, expect, it } from 'vitest';
import { runBatch } from '../../lib/worker/batch.ts';
import { HandBack, StaleAttempt } from '../../lib/worker/errors.ts';
import { createLedger } from './support/batch-world.ts';

const nothing = (): void => undefined;

describe('a batch', () => {
  it('is stored as the index of the next record to do, every 100 records', async () => {
    const ledger = createLedger();
    const { context } = ledger.take();
    expect(await runBatch(context, 250, nothing)).toEqual({ count: 250, carry: undefined });
    expect(ledger.indexes).toEqual([100, 200]);
  });

  it('keeps nothing of what its records return, unless it began with a carry', async () => {
    const ledger = createLedger();
    await runBatch(ledger.take().context, 3, (index) => index * 2, { every: 1 });
    expect(ledger.stored()).toEqual({ nextIndex: 3 });
    const carrying = createLedger();
    await runBatch(carrying.take().context, 3, (index, { carry }) => [...carry, index], {
      every: 1,
      initial: [] as number[],
    });
    expect(carrying.stored()).toEqual({ nextIndex: 3, carry: [0, 1, 2] });
  });

  it('of no records is done', async () => {
    expect(await runBatch(createLedger().take().context, [], nothing)).toEqual({ count: 0, carry: undefined });
  });

  it('ends within one record of being asked to stop, stores its place and hands itself back (B9)', async () => {
    const ledger = createLedger();
    const { context, stop } = ledger.take();
    const done: number[] = [];
    const run = runBatch(context, 1_000_000, (index) => {
      if (index === 41) stop.abort();
      done.push(index);
    });
    await expect(run).rejects.toThrow(HandBack);
    expect(done.at(-1)).toBe(41);
    expect(ledger.stored()).toEqual({ nextIndex: 42 });
  });

  it('whose records never wait still hears that it should stop', async () => {
    const { context, stop } = createLedger().take();
    setImmediate(() => setImmediate(() => stop.abort()));
    await expect(runBatch(context, Number.MAX_SAFE_INTEGER, nothing, { every: 1_000_000_000 })).rejects.toThrow(
      HandBack,
    );
  });

  it('begins no record when it was asked to stop before its first', async () => {
    const ledger = createLedger();
    const { context, stop } = ledger.take();
    stop.abort();
    await expect(runBatch(context, 5, () => expect.unreachable())).rejects.toThrow(HandBack);
    expect(ledger.indexes).toEqual([]);
  });

  it('stores its place once when the machine begins to drain, and goes on', async () => {
    const ledger = createLedger();
    const { context, notice } = ledger.take();
    const { count } = await runBatch(context, 90, (index) => {
      if (index === 10) notice.abort();
    });
    expect(count).toBe(90);
    expect(ledger.indexes).toEqual([10]);
  });

  it('whose record is too slow for a stopping machine keeps the records before it', async () => {
    const ledger = createLedger();
    const { context, notice, stop } = ledger.take();
    const reached = Promise.withResolvers<void>();
    void runBatch(
      context,
      100,
      async (index, { carry }) => {
        if (index === 3) notice.abort();
        carry.push(index);
        if (index === 7) {
          reached.resolve();
          await new Promise(() => undefined);
        }
        return carry;
      },
      { initial: [] as number[] },
    );
    await reached.promise;
    stop.abort();
    await Promise.resolve();
    await Promise.resolve();
    expect(ledger.stored()).toEqual({ nextIndex: 7, carry: [0, 1, 2, 3, 4, 5, 6] });
  });

  it.each([
    ['without a carry', {}, { nextIndex: 7 }],
    ['with a carry that cannot change in place', { initial: 0 }, { nextIndex: 7, carry: 7 }],
  ])(
    'whose record was begun before the notice, %s, keeps the records before it at once',
    async (_how, options, kept) => {
      const ledger = createLedger();
      const { context, notice } = ledger.take();
      const reached = Promise.withResolvers<void>();
      void runBatch(
        context,
        100,
        async (index) => {
          if (index < 7) return index + 1;
          reached.resolve();
          return new Promise<number>(() => undefined);
        },
        options,
      );
      await reached.promise;
      notice.abort();
      await Promise.resolve();
      await Promise.resolve();
      expect(ledger.stored()).toEqual(kept);
    },
  );

  it('whose place could not be stored at the notice stores it when asked to stop', async () => {
    const ledger = createLedger();
    const { context, notice, stop } = ledger.take();
    const { checkpoint } = context;
    let writes = 0;
    const failing = async (value: unknown): Promise<void> => {
      writes += 1;
      if (writes === 1) throw new Error('no route to the table');
      await checkpoint(value);
    };
    const waiting = Promise.withResolvers<void>();
    async function* source() {
      yield* ['a', 'b'];
      waiting.resolve();
      await new Promise(() => undefined);
    }
    void runBatch({ ...context, checkpoint: failing as typeof checkpoint }, source(), nothing);
    await waiting.promise;
    notice.abort();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    stop.abort();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    expect(ledger.stored()).toEqual({ nextIndex: 2 });
  });

  it.each(['notice', 'stop'] as const)(
    'whose next record lets wait stores its place when the %s comes',
    async (which) => {
      const ledger = createLedger();
      const machine = ledger.take();
      const waiting = Promise.withResolvers<void>();
      async function* source() {
        yield* ['a', 'b'];
        waiting.resolve();
        await new Promise(() => undefined);
      }
      void runBatch(machine.context, source(), nothing);
      await waiting.promise;
      machine[which].abort();
      await Promise.resolve();
      await Promise.resolve();
      expect(ledger.stored()).toEqual({ nextIndex: 2 });
    },
  );

  it('ends with StaleAttempt when its checkpoint is refused', async () => {
    const { context } = createLedger().take({ refusedFrom: 2 });
    const done: number[] = [];
    await expect(runBatch(context, 100, (index) => void done.push(index), { every: 10 })).rejects.toThrow(StaleAttempt);
    expect(done).toHaveLength(20);
  });

  it('closes its source, whatever ends it', async () => {
    let isClosed = false;
    function* source() {
      try {
        yield* [1, 2, 3];
      } finally {
        isClosed = true;
      }
    }
    const failing = runBatch(createLedger().take().context, source(), () => {
      throw new Error('a record that fails');
    });
    await expect(failing).rejects.toThrow('a record that fails');
    expect(isClosed).toBe(true);
  });

  it('tells how far it is, where the number of records is known', async () => {
    const listed = createLedger().take();
    await runBatch(listed.context, ['a', 'b'], nothing);
    expect(listed.progress).toEqual([{ savesWhenStopped: true }, { done: 1, total: 2 }, { done: 2, total: 2 }]);
    const told = createLedger().take();
    await runBatch(told.context, new Set(['a']), nothing, { total: 4 });
    expect(told.progress.at(-1)).toEqual({ done: 1, total: 4 });
    const unknown = createLedger().take();
    await runBatch(unknown.context, new Set(['a']), nothing);
    expect(unknown.progress).toEqual([{ savesWhenStopped: true }]);
  });

  it.each([
    ['a list', [1, 2]],
    ['a count', 2],
    ['an iterable', new Set([1, 2])],
  ])('that has fewer records than were done before is refused (%s)', async (_what, items) => {
    const ledger = createLedger();
    await runBatch(ledger.take().context, 5, nothing, { every: 1 });
    await expect(runBatch(ledger.take().context, items, nothing)).rejects.toThrow(
      'Earlier attempts did 5 records of this batch, and now there are only 2',
    );
  });

  it('does not take a checkpoint for its own that the task wrote', async () => {
    const ledger = createLedger();
    await ledger.take().context.checkpoint({ page: 3 });
    await expect(runBatch(ledger.take().context, 5, nothing)).rejects.toThrow('was not written by runBatch');
  });

  it('has the one checkpoint of its task for itself', async () => {
    const { context } = createLedger().take();
    await runBatch(context, 1, nothing);
    await expect(runBatch(context, 1, nothing)).rejects.toThrow('it can call runBatch once');
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot be stored every %s records', async (every) => {
    await expect(runBatch(createLedger().take().context, 1, nothing, { every })).rejects.toThrow(TypeError);
  });
});
