/** A number in [0, 1). Only `lib/clock/` and the seeded generators make one. */
export type Random = () => number;

/** Ids that nobody else has: intents, sessions, reports. */
export type NewId = () => string;
