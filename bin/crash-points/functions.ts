import { pricesHandler } from '../../functions/prices.ts';
import { reconcileHandler } from '../../functions/reconcile.ts';
import { signalsHandler } from '../../functions/signals.ts';
import type { ExploredFunctions } from '../../lib/simulator/crash-points/functions.ts';

/** The deployed functions whose calls are failed. */
export const FUNCTIONS: ExploredFunctions = {
  signals: signalsHandler,
  reconcile: reconcileHandler,
  prices: pricesHandler,
};
