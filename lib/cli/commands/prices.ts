import { type Command, InvalidArgumentError } from 'commander';
import { PRICES_SECONDS } from '../../fleet/limits.ts';
import type { RegisterCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import type { PricesOptions } from '../prices/run-prices.ts';
import { onPriceService, STACK_HELP, type StackOptions, withStackOptions } from '../stack-options.ts';

/** EC2 keeps 90 days (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html). */
const DAYS_MAX = 90;
const HOURS_DEFAULT = 24;
const HOURS_IN_DAY = 24;

const wholeUpTo =
  (most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${most}: EC2 keeps prices for ${DAYS_MAX} days.`);
  };

const HELP = `
Examples:
  spothop prices
  spothop prices --fleet index --days 7
  spothop prices --json | jq '.pools[] | select(.verdict == "dominated")'

$/HOUR is the spot price now, LOW and HIGH its bounds in the interval, SWING its standard deviation, SAVES what is saved
against on demand, USEFUL what an hour costs in which work is done that counts: the price, and what losses waste. The
chart has one scale for all pools, from 0 to the highest price. Pools that would be asked now come first, best first; the
others say why not. A dominated pool is asked as soon as the pool that dominates it gives nothing.
Losses and placement scores are what the service has learned; it reads prices every ${PRICES_SECONDS / 60} minutes. What is not known is
shown as unknown, and null with --json, never as 0. With --json each fleet is one line.
${STACK_HELP}

Exit codes:
  0  shown
  1  the service could not be asked, or no price is known of any pool
  2  the command line cannot be understood`;

/** `spothop prices`: what the pools of each fleet cost and cost before, and which of them would be asked. */
export const registerPrices: RegisterCommand = (program, { world, finish }) => {
  const command: Command = program
    .command('prices')
    .description("spot prices of each fleet's pools: history, savings, and which would be asked")
    .option('--fleet <NAME>', 'only this fleet')
    .option('--hours <N>', `so many hours back (default: ${HOURS_DEFAULT})`, wholeUpTo(DAYS_MAX * HOURS_IN_DAY))
    .option('--days <N>', 'so many days back', wholeUpTo(DAYS_MAX))
    .option('--json', 'one JSON object a line, one line a fleet');
  withStackOptions(command)
    .addHelpText('after', HELP)
    .action(async (options: PricesOptions & StackOptions & { readonly hours?: number; readonly days?: number }) => {
      if (options.hours !== undefined && options.days !== undefined) {
        world.stderr('usage: give --hours or --days, not both; add --help to see what is accepted\n');
        return finish(EXIT.usage);
      }
      const hours = options.hours ?? (options.days === undefined ? HOURS_DEFAULT : options.days * HOURS_IN_DAY);
      finish(
        await onPriceService(world, options, async (service) => {
          const { runPrices } = await import('../prices/run-prices.ts');
          return runPrices(service, { ...options, hours }, world);
        }),
      );
    });
};
