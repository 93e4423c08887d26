/**
 * A signal that aborts after `wallMs` of real time. For requests to something outside the scaled world, whose answer
 * takes as long as it takes however fast the service's own time runs.
 */
export const wallTimeout = (wallMs: number): AbortSignal => AbortSignal.timeout(wallMs);
