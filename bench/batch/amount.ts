const MODULUS = 1_000_003;

/** What one record comes to: the same whenever it is asked, and different for neighbours. */
export const amountOf = (batch: number, index: number): number => (batch * 7_919 + index * 31 + 7) % MODULUS;
