import type { PriceService } from '../../wiring-cli.ts';
import { chooseFleet } from '../choose-fleet.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';
import { gatherPrices } from './gather-prices.ts';
import { jsonPrices, renderPrices } from './render-prices.ts';

export interface PricesOptions {
  readonly fleet?: string;
  readonly json?: true;
}

/** Shows every fleet, or the one that was named. @throws UnknownFleet */
export const runPrices = async (
  service: PriceService,
  options: PricesOptions & { readonly hours: number },
  world: CliWorld,
): Promise<ExitCode> => {
  const fleets = options.fleet === undefined ? service.fleetNames : [chooseFleet(service, options.fleet)];
  let known = 0;
  for (const [index, fleet] of fleets.entries()) {
    const prices = await gatherPrices(service, fleet, options.hours);
    known += prices.pools.filter(({ statistics }) => statistics !== undefined).length;
    const text = options.json ? `${JSON.stringify(jsonPrices(prices))}\n` : renderPrices(prices);
    world.stdout(index > 0 && !options.json ? `\n${text}` : text);
  }
  if (known > 0) return EXIT.ok;
  world.stderr(
    'prices: EC2 answered no spot price for any pool; see that the fleet file names types that its zones have\n',
  );
  return EXIT.failedCheck;
};
