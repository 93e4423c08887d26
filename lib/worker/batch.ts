import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TaskContext } from './define-task.ts';
import { HandBack } from './errors.ts';

/**
 * The records of a batch, the same and in the same order in every attempt:
 * - a list, or a count (then each record is its own index);
 * - anything that can be iterated, also asynchronously: what was done before is read again and skipped;
 * - a function that opens the records at an index, for sources that can start anywhere.
 */
export type BatchItems<Item> =
  | readonly Item[]
  | number
  | Iterable<Item>
  | AsyncIterable<Item>
  | ((from: number) => Iterable<Item> | AsyncIterable<Item>);

type RecordOf<Source> = Source extends Iterable<infer Item> | AsyncIterable<infer Item> ? Item : never;

/** What one record of such a batch is. */
export type BatchItem<Items> = Items extends number
  ? number
  : Items extends (from: number) => infer Source
    ? RecordOf<Source>
    : RecordOf<Items>;

/** Where in the batch a record stands. */
export interface BatchAt<Carry> {
  /** The record's place, from 0, the same in every attempt. */
  readonly index: number;
  /** What the record before returned. */
  readonly carry: Carry;
}

export interface BatchOptions<Carry = undefined> {
  /** Records between two checkpoints, 100 unless told otherwise: as many at most are repeated after a crash. */
  readonly every?: number;
  /** Records in all, for `progress`, where it cannot be seen from the items. */
  readonly total?: number;
  /** What the first record is given as its carry. It must survive JSON, as the carry does with every checkpoint. */
  readonly initial?: Carry;
}

/** With an initial carry a record returns the next one; without, what it returns counts for nothing. */
export type BatchReturn<Carry> = [Carry] extends [undefined] ? unknown : Carry | Promise<Carry>;

export interface BatchEnd<Carry> {
  /** Records done in all, those of earlier attempts included. */
  readonly count: number;
  readonly carry: Carry;
}

/** What a batch stores: the index of the next record to do, and what the one before it returned. */
interface BatchState<Carry> {
  readonly nextIndex: number;
  readonly carry: Carry;
}

type Records<Item> = Iterable<Item> | AsyncIterable<Item>;
type RunItem<Item, Carry> = (item: Item, at: BatchAt<Carry>) => Carry | Promise<Carry>;

const EVERY_DEFAULT = 100;

function* countFrom(from: number, total: number): Generator<number> {
  for (let index = from; index < total; index += 1) yield index;
}

function* listFrom<Item>(items: readonly Item[], from: number): Generator<Item> {
  for (let index = from; index < items.length; index += 1) yield items[index] as Item;
}

async function* skipTo<Item>(items: Records<Item>, from: number): AsyncGenerator<Item> {
  let index = 0;
  for await (const item of items) {
    if (index >= from) yield item;
    index += 1;
  }
  if (index < from) throw tooFew(from, index);
}

const tooFew = (from: number, found: number): Error =>
  new Error(
    `Earlier attempts did ${from} records of this batch, and now there are only ${found}: the records must be the same, in the same order, in every attempt.`,
  );

const totalOf = <Item>(items: BatchItems<Item>, options: BatchOptions<unknown>): number | undefined => {
  if (typeof items === 'number') return items;
  return Array.isArray(items) ? items.length : options.total;
};

const openAt = <Item>(items: BatchItems<Item>, from: number): Records<Item> => {
  if (typeof items === 'function') return items(from);
  if (typeof items === 'number') return countFrom(from, items) as Iterable<Item>;
  if (Array.isArray(items)) return listFrom(items, from);
  return skipTo(items as Records<Item>, from);
};

const isState = (value: unknown): value is BatchState<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  Number.isSafeInteger((value as BatchState<unknown>).nextIndex) &&
  (value as BatchState<unknown>).nextIndex >= 0;

/** JSON leaves out what is `undefined`, so a batch without a carry finds none again. */
const firstState = <Carry>(resume: unknown, initial: Carry): BatchState<Carry> => {
  if (resume === undefined) return { nextIndex: 0, carry: initial };
  if (isState(resume)) return { nextIndex: resume.nextIndex, carry: resume.carry as Carry };
  throw new Error(
    'The last checkpoint of this task was not written by runBatch. A task either checkpoints itself or leaves it to runBatch; submit it under a new id when its code has changed from one to the other.',
  );
};

const everyOf = ({ every = EVERY_DEFAULT }: BatchOptions<unknown>): number => {
  if (Number.isSafeInteger(every) && every >= 1) return every;
  throw new TypeError(`every: ${every} is not a whole number of at least 1.`);
};

/** Contexts whose one checkpoint is in use. */
const used = new WeakSet<TaskContext>();

const useOnce = (context: TaskContext): void => {
  if (used.has(context)) {
    throw new Error(
      'A task has one checkpoint, so it can call runBatch once: join the batches, or make them two tasks.',
    );
  }
  used.add(context);
};

const canChangeInPlace = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** A state that stays as it is, even if the next record changes its carry in place. */
const frozen = <Carry>(state: BatchState<Carry>): BatchState<Carry> =>
  canChangeInPlace(state.carry) ? structuredClone(state) : state;

/**
 * Keeps the place in the batch, and writes it: every so many records, once when the machine begins to drain, and when
 * the task is asked to stop.
 */
const createKeeper = <Carry>(context: TaskContext, first: BatchState<Carry>, every: number) => {
  let state = first;
  let storedIndex = first.nextIndex;
  let isInRecord = false;
  let isStoredForNotice = false;
  /** The state before the record in hand, where its carry may have changed since: kept from the notice on. */
  let boundary: BatchState<Carry> | undefined;

  const store = async (stored: BatchState<Carry>): Promise<void> => {
    if (stored.nextIndex <= storedIndex) return;
    const before = storedIndex;
    storedIndex = stored.nextIndex;
    try {
      await context.checkpoint(stored);
    } catch (error) {
      storedIndex = Math.min(storedIndex, before);
      throw error;
    }
  };

  /** Neither a record nor a source that takes longer than a stopping machine waits may cost the records before it. */
  const storeMeanwhile = (): void => {
    const safe = isInRecord && canChangeInPlace(state.carry) ? boundary : state;
    if (safe === undefined) return;
    isStoredForNotice = true;
    store(safe).catch(() => {
      isStoredForNotice = false;
    });
  };
  const signals = [context.notice, context.signal];
  for (const signal of signals) signal.addEventListener('abort', storeMeanwhile, { once: true });

  return {
    state: () => state,
    /** @throws HandBack when asked to stop, StaleAttempt */
    begin: async (): Promise<void> => {
      if (context.notice.aborted || context.signal.aborted) {
        if (!isStoredForNotice || context.signal.aborted) await store(state);
        isStoredForNotice = true;
        boundary = frozen(state);
      }
      if (context.signal.aborted) throw new HandBack('it stopped between two records, as it was asked to');
      isInRecord = true;
    },
    /** @throws StaleAttempt */
    end: async (carry: Carry): Promise<void> => {
      isInRecord = false;
      state = { nextIndex: state.nextIndex + 1, carry };
      if (state.nextIndex - storedIndex >= every) await store(state);
    },
    close: (): void => {
      for (const signal of signals) signal.removeEventListener('abort', storeMeanwhile);
    },
  };
};

type Keeper<Carry> = ReturnType<typeof createKeeper<Carry>>;

const runRecords = async <Item, Carry>(
  records: Records<Item>,
  runItem: RunItem<Item, Carry>,
  keeper: Keeper<Carry>,
  report: (done: number) => void,
): Promise<void> => {
  for await (const item of records) {
    // Records that never wait would keep a request to stop from being heard.
    await nextTurn();
    await keeper.begin();
    const { nextIndex: index, carry } = keeper.state();
    await keeper.end(await runItem(item, { index, carry }));
    report(index + 1);
  }
};

/**
 * Runs a batch record by record, each in its turn, and goes on where the last attempt stopped.
 * ```ts
 * export default defineTask({
 *   name: 'import',
 *   schema: z.object({ file: z.string() }),
 *   async run(context, { file }) {
 *     const { count } = await runBatch(context, linesOf(file), async (line, { index }) => {
 *       await insert(line, { index, attempt: context.attempt });
 *     });
 *     return { count };
 *   },
 * });
 * ```
 * Every record is done at least once and in order. After a crash at most `every` records are repeated; a machine that
 * drains ends the batch between two records, with nothing to repeat. No record is begun once the task was asked to stop.
 *
 * With an initial `carry`, each record returns what the next one is given, and it is stored with the place, so that
 * sums and counts survive as well: `runBatch(context, lines, (line, { carry }) => carry + line.length, { initial: 0 })`.
 * @throws HandBack when it was asked to stop, StaleAttempt when the task is somebody else's: let both pass
 */
export const runBatch = async <Items extends BatchItems<unknown>, Carry = undefined>(
  context: TaskContext,
  items: Items,
  runItem: (item: BatchItem<Items>, at: BatchAt<NoInfer<Carry>>) => BatchReturn<NoInfer<Carry>>,
  options: BatchOptions<Carry> = {},
): Promise<BatchEnd<Carry>> => {
  const every = everyOf(options);
  useOnce(context);
  const first = firstState(context.resume, options.initial as Carry);
  const total = totalOf(items, options);
  if (total !== undefined && total < first.nextIndex) throw tooFew(first.nextIndex, total);
  context.progress({ savesWhenStopped: true });
  const keeper = createKeeper(context, first, every);
  const report = (done: number): void => {
    if (total !== undefined) context.progress({ done, total });
  };
  const runOne: RunItem<BatchItem<Items>, Carry> = async (item, at) => {
    const returned = await runItem(item, at);
    return 'initial' in options ? (returned as Carry) : at.carry;
  };
  try {
    await runRecords(openAt(items as BatchItems<BatchItem<Items>>, first.nextIndex), runOne, keeper, report);
  } finally {
    keeper.close();
  }
  const { nextIndex: count, carry } = keeper.state();
  return { count, carry };
};
