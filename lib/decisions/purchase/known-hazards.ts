import type { LearnedHazards, MemorylessMarkets } from './hazard-model.ts';
import { LEARNED_HAZARDS } from './learned-hazards.ts';

const MINUTE = 60;
const HOUR = 3_600;

/**
 * What was learned comes from GPU machines of one year, whose young spells are the deadly ones. Not every market is like
 * that: one in ten is taken to have no memory, with lives and gaps from minutes to most of a day. None of this was fitted;
 * a job that meets such a market finds out by its own spells, and the market it was learned from hardly notices.
 */
const MEMORYLESS: MemorylessMarkets = {
  share: 0.1,
  staySeconds: 48 * HOUR,
  lifeSeconds: [8 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR],
  gapSeconds: [6 * MINUTE, 30 * MINUTE, 3 * HOUR],
};

/** The market that a job meets, as far as anything is known of it beforehand. */
export const KNOWN_HAZARDS: LearnedHazards = { ...LEARNED_HAZARDS, memoryless: MEMORYLESS };
