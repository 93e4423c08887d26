import type { TaskId } from '../fleet/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { NewTask } from './submit-tasks.ts';

export const TASKS_IN_CHUNK_MAX = 100;
const CHARACTERS_IN_CHUNK_MAX = 1_024 * 1_024;

/** A producer that pauses, such as a pipe, does not keep back what it has given. */
const WAIT_FOR_MORE_MS = 1_000;

interface Place<Task extends NewTask> {
  readonly task: Task;
  readonly index: number;
  /** The same id and body stood in the chunk already. */
  readonly isRepeated: boolean;
}

/** Tasks that are written and sent together. No two of `tasks` have the same id. */
export interface Chunk<Task extends NewTask> {
  readonly tasks: readonly Task[];
  /** One for each task given, in their order, with its index in `tasks`. */
  readonly places: readonly Place<Task>[];
  readonly indexById: ReadonlyMap<TaskId, number>;
}

export const holdsAny = (one: Chunk<NewTask>, other: Chunk<NewTask>): boolean => {
  for (const taskId of other.indexById.keys()) if (one.indexById.has(taskId)) return true;
  return false;
};

const PAUSED = Symbol('nothing came for a while');

class OpenChunk<Task extends NewTask> implements Chunk<Task> {
  readonly tasks: Task[] = [];
  readonly places: Place<Task>[] = [];
  readonly indexById = new Map<TaskId, number>();
  readonly #closing = new AbortController();
  readonly #clock: Clock;
  #pause: Promise<typeof PAUSED> | undefined;
  #characters = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `false` for another body under an id that it holds: the ledger must see the first one first. */
  accepts({ taskId, body }: Task): boolean {
    const index = this.indexById.get(taskId);
    return index === undefined || this.tasks[index]!.body === body;
  }

  add(task: Task): void {
    const index = this.indexById.get(task.taskId) ?? this.tasks.length;
    const isRepeated = index < this.tasks.length;
    this.places.push({ task, index, isRepeated });
    if (isRepeated) return;
    this.indexById.set(task.taskId, index);
    this.tasks.push(task);
    this.#characters += task.body.length;
  }

  get isEmpty(): boolean {
    return this.places.length === 0;
  }

  get isFull(): boolean {
    return this.places.length >= TASKS_IN_CHUNK_MAX || this.#characters >= CHARACTERS_IN_CHUNK_MAX;
  }

  /** `next`, or `PAUSED` once this chunk has waited long enough; an empty one waits as long as it takes. */
  waitFor<Next>(next: Promise<Next>): Promise<Next | typeof PAUSED> {
    if (this.isEmpty) return next;
    this.#pause ??= this.#clock.sleep(WAIT_FOR_MORE_MS, this.#closing.signal).then(() => PAUSED);
    return Promise.race([next, this.#pause]);
  }

  close(): this {
    this.#closing.abort();
    return this;
  }
}

async function* each<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

/** Groups tasks as they come; none is kept back for long. */
export async function* chunksOf<Task extends NewTask>(
  tasks: AsyncIterable<Task> | Iterable<Task>,
  clock: Clock,
): AsyncGenerator<Chunk<Task>, void, undefined> {
  const iterator = each(tasks);
  let open = new OpenChunk<Task>(clock);
  let next: Promise<IteratorResult<Task, void>> | undefined;
  const closed = (): Chunk<Task> => {
    const chunk = open.close();
    open = new OpenChunk(clock);
    return chunk;
  };
  try {
    for (;;) {
      next ??= iterator.next();
      const result = await open.waitFor(next);
      if (result === PAUSED) {
        // Should it fail while nobody listens, the next turn of the loop hears of it.
        next.catch(() => undefined);
        yield closed();
        continue;
      }
      next = undefined;
      if (result.done) break;
      if (!open.accepts(result.value)) yield closed();
      open.add(result.value);
      if (open.isFull) yield closed();
    }
    if (!open.isEmpty) yield closed();
  } finally {
    open.close();
    await iterator.return();
  }
}
