import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchItems, runBatch } from '../../lib/worker/batch.ts';
import { HandBack } from '../../lib/worker/errors.ts';
import { createFencedSink, createLedger } from './support/batch-world.ts';

class Crash extends Error {}

/** What happens to one attempt, at the so-manieth record that it begins. */
type Fate =
  | { readonly kind: 'crash'; readonly at: number; readonly isAfterEffect: boolean }
  | { readonly kind: 'stop'; readonly at: number }
  | { readonly kind: 'notice and stop'; readonly at: number; readonly stopAfter: number }
  | { readonly kind: 'notice and crash'; readonly at: number; readonly crashAfter: number }
  | { readonly kind: 'refused'; readonly from: number }
  | { readonly kind: 'reply lost'; readonly at: number };

const at = fc.nat({ max: 120 });
const fates: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({ kind: fc.constant('crash' as const), at, isAfterEffect: fc.boolean() }),
  fc.record({ kind: fc.constant('stop' as const), at }),
  fc.record({ kind: fc.constant('notice and stop' as const), at, stopAfter: fc.nat({ max: 30 }) }),
  fc.record({ kind: fc.constant('notice and crash' as const), at, crashAfter: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('refused' as const), from: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('reply lost' as const), at: fc.integer({ min: 1, max: 8 }) }),
);

/** Every form in which the records of a batch can be given; record `i` is the number `10 × i`. */
const FORMS: Readonly<Record<string, (total: number) => BatchItems<number>>> = {
  list: (total) => Array.from({ length: total }, (_, index) => index * 10),
  iterable: (total) => new Set(Array.from({ length: total }, (_, index) => index * 10)),
  'async iterable': (total) =>
    (async function* () {
      for (let index = 0; index < total; index += 1) yield index * 10;
    })(),
  'function that opens at an index': (total) =>
    function* (from) {
      for (let index = from; index < total; index += 1) yield index * 10;
    },
};

interface Plan {
  readonly total: number;
  readonly every: number;
  readonly form: string;
  readonly fates: readonly Fate[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  total: fc.nat({ max: 200 }),
  every: fc.integer({ min: 1, max: 40 }),
  form: fc.constantFrom(...Object.keys(FORMS)),
  fates: fc.array(fates, { maxLength: 8 }),
});

/** One attempt as it was seen from outside: which records it did, and how it ended. */
interface Seen {
  readonly effects: readonly number[];
  readonly end: 'done' | 'handed back' | 'broken';
  readonly noticedAt: number | undefined;
  readonly count?: number;
  readonly sum?: number;
}

const eventsAt = (
  fate: Fate | undefined,
  begun: number,
  machine: ReturnType<ReturnType<typeof createLedger>['take']>,
) => {
  if (fate?.kind === 'stop' && begun === fate.at) machine.stop.abort();
  if (fate?.kind === 'notice and stop') {
    if (begun === fate.at) machine.notice.abort();
    if (begun === fate.at + fate.stopAfter) machine.stop.abort();
  }
  if (fate?.kind === 'notice and crash') {
    if (begun === fate.at) machine.notice.abort();
    if (begun === fate.at + fate.crashAfter) throw new Crash();
  }
};

const faultsOf = (fate: Fate | undefined) => {
  if (fate?.kind === 'refused') return { refusedFrom: fate.from };
  return fate?.kind === 'reply lost' ? { replyLostAt: fate.at } : {};
};

type World = { readonly ledger: ReturnType<typeof createLedger>; readonly sink: ReturnType<typeof createFencedSink> };

const runAttempt = async (
  { total, every, form }: Plan,
  { ledger, sink }: World,
  fate: Fate | undefined,
): Promise<Seen> => {
  const machine = ledger.take(faultsOf(fate));
  const effects: number[] = [];
  let begun = -1;
  let noticedAt: number | undefined;
  const runItem = (value: number, { index, carry }: { index: number; carry: { sum: number } }) => {
    begun += 1;
    if (fate?.kind === 'crash' && begun === fate.at && !fate.isAfterEffect) throw new Crash();
    eventsAt(fate, begun, machine);
    if (machine.notice.signal.aborted) noticedAt ??= index;
    // In place, which must not reach a checkpoint that was made before.
    carry.sum += value;
    effects.push(index);
    sink.put(index, value, machine.context.attempt);
    if (fate?.kind === 'crash' && begun === fate.at) throw new Crash();
    return carry;
  };
  try {
    const items = FORMS[form]!(total);
    const { count, carry } = await runBatch(machine.context, items, runItem, { every, initial: { sum: 0 } });
    return { effects, noticedAt, end: 'done', count, sum: carry.sum };
  } catch (error) {
    return { effects, noticedAt, end: error instanceof HandBack ? 'handed back' : 'broken' };
  }
};

const runPlan = async (plan: Plan) => {
  const world: World = { ledger: createLedger(), sink: createFencedSink() };
  const attempts: Seen[] = [];
  for (const fate of [...plan.fates, undefined]) {
    attempts.push(await runAttempt(plan, world, fate));
    if (attempts.at(-1)!.end === 'done') break;
  }
  return { ...world, attempts };
};

const consecutive = (from: number, length: number): number[] => Array.from({ length }, (_, offset) => from + offset);

describe('a batch through crashes, refused checkpoints, lost replies, notices and stops (D3–D7, B9)', () => {
  it('does every record in order, at least once, at most `every` of them again, and comes to the exact result', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { total, every } = plan;
        const { attempts, ledger, sink } = await runPlan(plan);

        let next = 0;
        for (const { effects, end, noticedAt } of attempts) {
          const from = effects[0] ?? next;
          expect(effects).toEqual(consecutive(from, effects.length));
          expect(from).toBeLessThanOrEqual(next);
          expect(next - from).toBeLessThanOrEqual(every);
          next = Math.max(next, from + effects.length);
          // Whoever stopped because it was asked to has stored its place: nothing is repeated.
          if (end === 'handed back')
            expect(ledger.indexes.includes(from + effects.length) || effects.length === 0).toBe(true);
          // Nothing before the notice is ever done again.
          if (noticedAt !== undefined && effects.includes(noticedAt + 1)) {
            expect(ledger.indexes).toContain(noticedAt + 1);
          }
        }

        const last = attempts.at(-1)!;
        expect(last).toMatchObject({ end: 'done', count: total, sum: (10 * (total * total - total)) / 2 });
        expect(next).toBe(total);
        expect(sink.rows.size).toBe(total);
        expect([...sink.rows].every(([index, { value }]) => value === index * 10)).toBe(true);
        expect(ledger.indexes).toEqual(ledger.indexes.toSorted((a, b) => a - b));
        expect(ledger.indexes.every((index) => index <= total)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('after a crash it begins at the last multiple of `every` that it had passed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.nat({ max: 180 }), async (every, crashAt) => {
        const fate: Fate = { kind: 'crash', at: crashAt, isAfterEffect: true };
        const { attempts } = await runPlan({ total: 200, every, form: 'list', fates: [fate] });
        expect(attempts[1]!.effects[0]).toBe(crashAt - (crashAt % every));
      }),
      { numRuns: 200 },
    );
  });
});
