/** One outside call of a writer: it waits until it is its turn, and nobody else runs meanwhile. */
export type Step = <Answer>(call: () => Promise<Answer> | Answer) => Promise<Answer>;

/**
 * Runs writers one call at a time in the order that `picks` chooses among those that wait: any interleaving of their calls
 * is some list of picks. Writers may not throw. Once the picks are used up, all get their turns one after the other.
 */
export const interleave = async (
  writers: readonly ((step: Step) => Promise<void>)[],
  picks: readonly number[],
): Promise<void> => {
  const waiting: (() => void)[] = [];
  let busy = writers.length;
  let allWait = Promise.withResolvers<void>();
  const rest = (): void => {
    busy -= 1;
    if (busy === 0) allWait.resolve();
  };
  const step: Step = async (call) => {
    await new Promise<void>((go) => {
      waiting.push(go);
      rest();
    });
    return call();
  };
  for (const writer of writers) void writer(step).finally(rest);
  for (let turn = 0; ; turn += 1) {
    await allWait.promise;
    if (waiting.length === 0) return;
    allWait = Promise.withResolvers<void>();
    busy = 1;
    const [go] = waiting.splice((picks[turn] ?? 0) % waiting.length, 1);
    go!();
  }
};
