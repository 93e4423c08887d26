import type { InstanceId } from '../fleet/ids.ts';
import type { GroupOutcome } from '../ports/machine-groups.ts';

const together = (one: GroupOutcome, other: GroupOutcome): GroupOutcome => ({
  done: [...one.done, ...other.done],
  refused: [...one.refused, ...other.refused],
});

/** What an error of a call for several machines means: for a single one of them, for all, or nothing that is an answer. */
export type Verdict =
  | { readonly of: 'one'; readonly whenAlone: 'done' | 'refused'; readonly code: string; readonly message: string }
  | { readonly of: 'all'; readonly code: string; readonly message: string }
  | { readonly of: 'call' };

const refusedAll = (ids: readonly InstanceId[], code: string, message: string): GroupOutcome => ({
  done: [],
  refused: ids.map((instanceId) => ({ instanceId, code, message })),
});

/**
 * Asks for machines together. Where one of them fails the whole, the batch is halved until it stands alone; what is no
 * answer, such as a lost connection, is thrown and may be repeated.
 */
export const askHalving = async (
  ids: readonly InstanceId[],
  ask: (ids: readonly InstanceId[]) => Promise<unknown>,
  judge: (error: unknown) => Verdict,
): Promise<GroupOutcome> => {
  try {
    await ask(ids);
    return { done: ids, refused: [] };
  } catch (error) {
    const verdict = judge(error);
    if (verdict.of === 'call') throw error;
    if (verdict.of === 'all') return refusedAll(ids, verdict.code, verdict.message);
    if (ids.length > 1) {
      const middle = Math.ceil(ids.length / 2);
      return together(
        await askHalving(ids.slice(0, middle), ask, judge),
        await askHalving(ids.slice(middle), ask, judge),
      );
    }
    const { whenAlone, code, message } = verdict;
    return whenAlone === 'done' ? { done: ids, refused: [] } : refusedAll(ids, code, message);
  }
};

/** In batches of as many as the service takes. */
export const askInBatches = async (
  ids: readonly InstanceId[],
  batchSize: number,
  askBatch: (ids: readonly InstanceId[]) => Promise<GroupOutcome>,
): Promise<GroupOutcome> => {
  let outcome: GroupOutcome = { done: [], refused: [] };
  for (let start = 0; start < ids.length; start += batchSize) {
    outcome = together(outcome, await askBatch(ids.slice(start, start + batchSize)));
  }
  return outcome;
};
