/** Each time more somebody else has to have changed the item between our write and our read. */
const TRIES_MAX = 5;

/**
 * A conditional write, and why it was refused. DynamoDB tells only that it was, so the reason is read afterwards, and by
 * then the item may have become one that allows the write: then it is written again, so that every reason told is true of
 * an item that was there. Both answer `undefined` for "no": `write` when it was refused, `explain` when it sees no reason.
 */
export const writeOrExplain = async <Outcome>(
  write: () => Promise<Outcome | undefined>,
  explain: () => Promise<Outcome | undefined>,
): Promise<Outcome> => {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const outcome = (await write()) ?? (await explain());
    if (outcome !== undefined) return outcome;
  }
  throw new Error(
    `A write was refused although nothing stands against it, ${TRIES_MAX} times in a row: the item changes faster than it can be read, or its form is not what it says.`,
  );
};
