/** Each machine costs a few small calls; a fleet may have thousands, and a reconcile has a minute. */
export const MACHINES_AT_ONCE = 16;

/** Runs `each` over the items, at most `limit` at a time, and answers what came of every one: a failure stops nobody. */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  limit: number,
  each: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> => {
  const results: PromiseSettledResult<Result>[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = { status: 'fulfilled', value: await each(items[index]!) };
      } catch (reason) {
        results[index] = { status: 'rejected', reason };
      }
    }
  };
  const workers: Promise<void>[] = [];
  while (workers.length < Math.min(limit, items.length)) workers.push(worker());
  await Promise.all(workers);
  return results;
};

/** What those answered that did not fail. */
export const valuesOf = <Result>(results: readonly PromiseSettledResult<Result>[]): Result[] =>
  results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));

/** The first failure, thrown after everything else has been done. */
export const throwFirstFailure = (results: readonly PromiseSettledResult<unknown>[]): void => {
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
};
