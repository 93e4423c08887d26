import type { FleetName, TaskId } from '../fleet/ids.ts';
import { type Chunk, chunksOf, holdsAny, TASKS_IN_CHUNK_MAX } from './submit-chunks.ts';
import { type NewTask, type Submission, type SubmitWorld, sendDoubtful, submitTogether } from './submit-tasks.ts';

/** Enough to hide the way to AWS and back; with the chunk's own limits it bounds the memory. */
const CHUNKS_AT_ONCE = 4;

/** At most so many tasks are under way, so at most so many have a row and no message when everything ends at once (F47). */
export const TASKS_UNDER_WAY_MAX = CHUNKS_AT_ONCE * TASKS_IN_CHUNK_MAX;

export interface Submitted<Task extends NewTask> extends Submission {
  readonly task: Task;
}

/**
 * Rows that were there and were never taken. In a run that repeats an interrupted one, the few whose messages may not have
 * been sent are the last ones before the first new row, or the last of all: only those are sent again.
 */
class Doubtful {
  #taskIds: readonly TaskId[] = [];

  readonly choose = (fresh: readonly TaskId[], doubtful: readonly TaskId[]): readonly TaskId[] => {
    this.#taskIds = [...this.#taskIds, ...doubtful].slice(-TASKS_UNDER_WAY_MAX);
    return fresh.length === 0 ? [] : [...this.takeAll(), ...fresh];
  };

  takeAll(): readonly TaskId[] {
    const taken = this.#taskIds;
    this.#taskIds = [];
    return taken;
  }
}

/** A second time in the same chunk is what the second time in the ledger would be. */
const repeated = (first: Submission): Submission => (first.outcome === 'submitted' ? { outcome: 'already' } : first);

const submittedOf = <Task extends NewTask>(
  { places }: Chunk<Task>,
  submissions: readonly Submission[],
): Submitted<Task>[] =>
  places.map(({ task, index, isRepeated }) => {
    const submission = submissions[index]!;
    return { task, ...(isRepeated ? repeated(submission) : submission) };
  });

interface UnderWay<Task extends NewTask> {
  readonly chunk: Chunk<Task>;
  readonly submitted: Promise<readonly Submitted<Task>[]>;
}

/**
 * Submits any number of tasks in bounded memory, and answers what became of each, in their order. A task whose id is under
 * way waits for the one before it, so that within one run too the ledger decides which of two bodies has the id. Whoever
 * stops listening stops it; what is under way then is finished first.
 */
export async function* submitEach<Task extends NewTask>(
  world: SubmitWorld,
  fleet: FleetName,
  tasks: AsyncIterable<Task> | Iterable<Task>,
): AsyncGenerator<Submitted<Task>, void, undefined> {
  const doubtful = new Doubtful();
  const underWay: UnderWay<Task>[] = [];
  let position = 0;
  const begin = (chunk: Chunk<Task>): UnderWay<Task> => {
    const before = position;
    position += chunk.tasks.length;
    const submissions = submitTogether(world, fleet, chunk.tasks, before, doubtful.choose);
    return { chunk, submitted: submissions.then((found) => submittedOf(chunk, found)) };
  };
  const mustWait = (chunk: Chunk<Task>): boolean =>
    underWay.length >= CHUNKS_AT_ONCE || underWay.some((other) => holdsAny(other.chunk, chunk));
  try {
    for await (const chunk of chunksOf(tasks, world.clock)) {
      while (underWay.length > 0 && mustWait(chunk)) {
        yield* await underWay[0]!.submitted;
        underWay.shift();
      }
      underWay.push(begin(chunk));
    }
  } finally {
    await Promise.all(underWay.map(({ submitted }) => submitted));
    await sendDoubtful(world, doubtful.takeAll());
  }
  for (const { submitted } of underWay) yield* await submitted;
}
