import { type TaskId, taskId } from '../../fleet/ids.ts';
import type { Random } from '../../ports/random.ts';
import type { SourceFile } from './source-files.ts';

export interface PlannedTask {
  readonly taskId: TaskId;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Sizes that differ as real work does: most tasks take a second, a few take longer than an interruption notice gives. */
const BYTES_SMALL = { from: 100_000, to: 700_000 };
const BYTES_LARGE = { from: 6_000_000, to: 12_000_000 };
const LARGE_SHARE = 1 / 25;

/** Below this many files there is no place for a checkpoint inside. */
const FILES_MIN = 3;

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

/** Takes files from the cursor on until the size is reached; the list is used again from its start when it ends. */
const takeFiles = (files: readonly SourceFile[], cursor: number, bytesWanted: number) => {
  const taken: SourceFile[] = [];
  let bytes = 0;
  while (bytes < bytesWanted || taken.length < FILES_MIN) {
    const file = files[(cursor + taken.length) % files.length]!;
    taken.push(file);
    bytes += file.bytes;
    if (taken.length >= files.length) break;
  }
  return { taken, bytes };
};

/** Cuts the files into `count` tasks of uneven size, the same for the same files and seed. */
export const planBatch = (files: readonly SourceFile[], count: number, random: Random): readonly PlannedTask[] => {
  const order = shuffled(files, random);
  const digits = String(count).length;
  let cursor = 0;
  return Array.from({ length: count }, (_, index) => {
    const range = random() < LARGE_SHARE ? BYTES_LARGE : BYTES_SMALL;
    const { taken, bytes } = takeFiles(order, cursor, between(range, random));
    cursor += taken.length;
    return {
      taskId: taskId(`index-${String(index + 1).padStart(digits, '0')}`),
      files: taken.map((file) => file.path).sort(),
      bytes,
    };
  });
};
