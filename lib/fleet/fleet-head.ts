import type { FleetHead, Intent } from './fleet.ts';
import type { FleetName } from './ids.ts';

/** What a fleet's head is before anybody has written one. */
export const emptyHead = (fleet: FleetName): FleetHead => ({
  fleet,
  generation: 0,
  openIntents: {},
  answered: {},
  pools: {},
});

/**
 * Whether a change that was refused stands all the same, because only its reply was lost. An intent's id is made by the
 * one reconcile that writes it, so finding all of its intents open proves the write (B14).
 */
export const isWritten = (head: FleetHead, open: readonly Intent[]): boolean =>
  open.length > 0 && open.every((intent) => head.openIntents[intent.intentId] !== undefined);
