/** Counts up from one, for names that no two things share. */
export const createNumbers = (): (() => number) => {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
};
