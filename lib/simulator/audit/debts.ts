import type { EpochMs } from '../../fleet/time.ts';

/**
 * What one process owes at once, as long as none of its calls fails: whoever had a call fail meanwhile is excused, for it
 * may not know what it owes, or be trying again.
 */
export interface Debts<Key> {
  /** Owed from now on, unless it was owed already; `failures` counts calls of the process that have failed by now. */
  owe(key: Key, failures: number): void;
  paid(key: Key): void;
  /** Whatever is not among these is owed no more. */
  keepOnly(keys: ReadonlySet<Key>): void;
  /** What has been owed for too long; it is told once, and then forgotten like what is excused. */
  overdue(failures: number): readonly Key[];
  /** These are owed at present, and nothing else is: what of it has been for too long. */
  look(keys: ReadonlySet<Key>, failures: number): readonly Key[];
}

/** `withinMs`: how long each may be owed, or one time for all. */
export const createDebts = <Key>(now: () => EpochMs, withinMs: number | ((key: Key) => number)): Debts<Key> => {
  const withinMsOf = typeof withinMs === 'number' ? () => withinMs : withinMs;
  const owed = new Map<Key, { readonly since: EpochMs; readonly failures: number }>();
  const debts: Debts<Key> = {
    owe: (key, failures) => {
      if (!owed.has(key)) owed.set(key, { since: now(), failures });
    },
    paid: (key) => void owed.delete(key),
    keepOnly: (keys) => {
      for (const key of owed.keys()) if (!keys.has(key)) owed.delete(key);
    },
    overdue: (failures) => {
      const late: Key[] = [];
      for (const [key, debt] of owed) {
        const isExcused = debt.failures !== failures;
        if (!isExcused && now() - debt.since < withinMsOf(key)) continue;
        owed.delete(key);
        if (!isExcused) late.push(key);
      }
      return late;
    },
    look: (keys, failures) => {
      debts.keepOnly(keys);
      const late = debts.overdue(failures);
      for (const key of keys) debts.owe(key, failures);
      return late;
    },
  };
  return debts;
};
