import { type TaskId, taskId } from '../../fleet/ids.ts';
import type { Random } from '../../ports/random.ts';
import type { SourceFile } from './source-files.ts';

export interface PlannedTask {
  readonly taskId: TaskId;
  readonly files: readonly string[];
  /** The task rests this long, by the wall clock, after each file; absent: it runs as fast as it can. */
  readonly restMs?: number;
}

/** Sizes that differ as real work does: most tasks take a fraction of a second, some several. */
const BYTES_SMALL = { from: 100_000, to: 600_000 };
const BYTES_LARGE = { from: 1_500_000, to: 3_000_000 };
const LARGE_SHARE = 1 / 25;

/** Below this many files there is no place for a checkpoint inside. */
const FILES_MIN = 3;

/**
 * A few tasks go easy on what they read from, as a crawler must. They take longer than a notice gives on any machine,
 * however fast, and cost it nothing: these are the ones that have to be handed back and resumed.
 */
const GENTLE_MAX = 4;
const TASKS_FOR_EACH_GENTLE = 20;
const GENTLE_FILES = 140;
const GENTLE_REST_MS = 200;

const between = ({ from, to }: { readonly from: number; readonly to: number }, random: Random): number =>
  from + random() * (to - from);

const shuffled = <Item>(items: readonly Item[], random: Random): Item[] => {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
};

/** Takes files from the cursor on until there are enough; the list is used again from its start when it ends. */
const takeFiles = (
  files: readonly SourceFile[],
  cursor: number,
  isEnough: (count: number, bytes: number) => boolean,
): readonly SourceFile[] => {
  const taken: SourceFile[] = [];
  let bytes = 0;
  while (taken.length < files.length && !isEnough(taken.length, bytes)) {
    const file = files[(cursor + taken.length) % files.length]!;
    taken.push(file);
    bytes += file.bytes;
  }
  return taken;
};

const sizedBy = (random: Random): ((count: number, bytes: number) => boolean) => {
  const bytesWanted = between(random() < LARGE_SHARE ? BYTES_LARGE : BYTES_SMALL, random);
  return (count, bytes) => count >= FILES_MIN && bytes >= bytesWanted;
};

const gentleTasks = (count: number): number => Math.min(GENTLE_MAX, Math.floor(count / TASKS_FOR_EACH_GENTLE));

/** Cuts the files into `count` tasks of uneven length, the longest first; the same for the same files and seed. */
export const planBatch = (files: readonly SourceFile[], count: number, random: Random): readonly PlannedTask[] => {
  const order = shuffled(files, random);
  const digits = String(count).length;
  const gentle = gentleTasks(count);
  let cursor = 0;
  return Array.from({ length: count }, (_, index) => {
    const isGentle = index < gentle;
    const taken = takeFiles(order, cursor, isGentle ? (files) => files >= GENTLE_FILES : sizedBy(random));
    cursor += taken.length;
    return {
      taskId: taskId(`index-${String(index + 1).padStart(digits, '0')}`),
      files: taken.map((file) => file.path).sort(),
      ...(isGentle && { restMs: GENTLE_REST_MS }),
    };
  });
};
