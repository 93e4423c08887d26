import type { Breach, ModelItem } from '../instance-model.ts';

/** A machine's item from one write to the next. */
interface Reading {
  readonly item: ModelItem;
  /** Its last heartbeat by then, its launch before the first. */
  readonly heardAt: number;
  readonly from: number;
}

/**
 * Whoever decides about a machine has read its item before, at the longest one timeout of a function ago: what it did is
 * judged by every reading that it may have had.
 */
export interface ItemView {
  /** What is wrong by each of them, as the newest has it; nothing when one of them allows it. */
  everyReading(judge: (item: ModelItem, silentMs: number) => Breach | undefined): Breach | undefined;
}

/** The timeout of the function that reconciles, the longest of those that decide. */
const READ_AGO_MS = 60_000;

export class ItemHistory {
  #readings: Reading[] = [];

  get current(): Reading | undefined {
    return this.#readings.at(-1);
  }

  write(item: ModelItem, heardAt: number, at: number): void {
    this.#readings.push({ item, heardAt, from: at });
    // The oldest that is kept is the one that was in force when the window began.
    while (this.#readings.length > 1 && this.#readings[1]!.from < at - 2 * READ_AGO_MS) this.#readings.shift();
  }

  viewAt(startedAt: number): ItemView {
    const readings = this.#readings;
    return {
      everyReading: (judge) => {
        let breach: Breach | undefined;
        for (let index = readings.length - 1; index >= 0; index -= 1) {
          const { item, heardAt } = readings[index]!;
          const readAt = Math.min(readings[index + 1]?.from ?? startedAt, startedAt);
          if (readAt < startedAt - READ_AGO_MS) break;
          const found = judge(item, readAt - heardAt);
          if (found === undefined) return undefined;
          breach ??= found;
        }
        return breach;
      },
    };
  }
}
