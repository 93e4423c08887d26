import type { EpochMs } from '../fleet/time.ts';

interface Entry<Item> {
  readonly at: EpochMs;
  readonly serial: number;
  readonly item: Item;
}

/** Items in the order of their time; of one time in the order in which they came. */
export interface QueueByTime<Item> {
  add(at: EpochMs, item: Item): void;
  first(): { readonly at: EpochMs; readonly item: Item } | undefined;
  removeFirst(): void;
}

const isBefore = (one: Entry<unknown>, other: Entry<unknown>): boolean =>
  one.at < other.at || (one.at === other.at && one.serial < other.serial);

/** A binary heap: a fleet of thousands has tens of thousands of sleepers. */
export const createQueueByTime = <Item>(): QueueByTime<Item> => {
  const heap: Entry<Item>[] = [];
  let serial = 0;

  const rise = (entry: Entry<Item>): void => {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  };

  const sink = (entry: Entry<Item>): void => {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, entry)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  };

  return {
    add: (at, item) => rise({ at, serial: serial++, item }),
    first: () => heap[0],
    removeFirst: () => {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(last);
    },
  };
};
