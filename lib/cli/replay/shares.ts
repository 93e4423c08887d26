/** Cases to be replayed by one thread before it asks for more. */
export interface Share {
  readonly cell: string;
  readonly cases: readonly number[];
}

/** Small enough that no thread is left waiting for another at the end, large enough that asking costs nothing. */
const CASES_A_SHARE = 20;

/**
 * Hands out a suite's cases. A thread stays with its cell as long as there is any of it, because a policy prepares for
 * each cell's rules once; then it joins the cell of which most is left.
 */
export class Shares {
  private readonly left = new Map<string, Share[]>();

  constructor(cells: readonly string[]) {
    for (const [cell, numbers] of Map.groupBy(cells.keys(), (index) => cells[index]!)) {
      const shares: Share[] = [];
      for (let from = 0; from < numbers.length; from += CASES_A_SHARE) {
        shares.push({ cell, cases: numbers.slice(from, from + CASES_A_SHARE) });
      }
      this.left.set(cell, shares);
    }
  }

  /** The next share for a thread that was with this cell; nothing when all are handed out. */
  next(lastCell: string | undefined): Share | undefined {
    const own = lastCell === undefined ? undefined : this.left.get(lastCell)?.shift();
    if (own !== undefined) return own;
    const fullest = [...this.left.values()].reduce((most, shares) => (shares.length > most.length ? shares : most));
    return fullest.shift();
  }

  /** Nothing more is handed out. */
  dropAll(): void {
    for (const shares of this.left.values()) shares.length = 0;
  }
}
