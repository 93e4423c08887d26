import type { InstanceId } from '../fleet/ids.ts';

/** What an error of a call for several machines means: an answer for a single one of them, for all, or no answer. */
export type Verdict<Answer> =
  | { readonly of: 'one' | 'all'; readonly answer: (ids: readonly InstanceId[]) => Answer }
  | { readonly of: 'call' };

/** A call that takes several machines, and fails for all of them where one of them is wrong. */
export interface BatchCall<Answer> {
  readonly batchSize: number;
  ask(ids: readonly InstanceId[]): Promise<Answer>;
  judge(error: unknown): Verdict<Answer>;
}

const askHalving = async <Answer>(ids: readonly InstanceId[], call: BatchCall<Answer>): Promise<Answer[]> => {
  try {
    return [await call.ask(ids)];
  } catch (error) {
    const verdict = call.judge(error);
    if (verdict.of === 'call') throw error;
    if (verdict.of === 'all' || ids.length === 1) return [verdict.answer(ids)];
    const middle = Math.ceil(ids.length / 2);
    const first = await askHalving(ids.slice(0, middle), call);
    return [...first, ...(await askHalving(ids.slice(middle), call))];
  }
};

/**
 * Asks for machines in batches of as many as the service takes, and answers what was said of each part. Where one of them
 * fails the whole, the batch is halved until it stands alone; what is no answer, such as a lost connection, is thrown and
 * may be repeated.
 */
export const askInBatches = async <Answer>(
  ids: readonly InstanceId[],
  call: BatchCall<Answer>,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (let start = 0; start < ids.length; start += call.batchSize) {
    answers.push(...(await askHalving(ids.slice(start, start + call.batchSize), call)));
  }
  return answers;
};
