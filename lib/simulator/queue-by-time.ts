import type { EpochMs } from '../fleet/time.ts';

/** Whatever has its time, and a number that tells the order in which it came. */
export interface Timed {
  readonly at: EpochMs;
  readonly serial: number;
}

/** Items in the order of their time; of one time in the order of their serial numbers. */
export interface QueueByTime<Item extends Timed> {
  add(item: Item): void;
  first(): Item | undefined;
  removeFirst(): void;
}

const isBefore = (one: Timed, other: Timed): boolean =>
  one.at < other.at || (one.at === other.at && one.serial < other.serial);

/** A binary heap: a fleet of thousands has tens of thousands of sleepers. */
export const createQueueByTime = <Item extends Timed>(): QueueByTime<Item> => {
  const heap: Item[] = [];

  const add = (item: Item): void => {
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(item, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = item;
  };

  const sink = (item: Item): void => {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, item)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = item;
  };

  return {
    add,
    first: () => heap[0],
    removeFirst: () => {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(last);
    },
  };
};
