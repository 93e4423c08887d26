import { lambdaEntry } from '../lib/telemetry/lambda-entry.ts';
import { pricesWorld } from '../lib/wiring.ts';
import { type PricesWorld, readPrices } from '../lib/workflows/read-prices.ts';

/** Whatever the schedule sends: there is one thing to do. What fails is thrown, so that its alarm tells. */
export const pricesHandler = (world: PricesWorld) => (): Promise<void> => readPrices(world);

export const handler = lambdaEntry('prices', (telemetry) => pricesHandler(pricesWorld(process.env, telemetry)));
